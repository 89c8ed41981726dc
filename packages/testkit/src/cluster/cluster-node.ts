import { cpSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import { createNode, definePlugin, FailpointRegistry, type HoldfastNode, type Plugin } from '@holdfast/core'
import { backendMemory, type MemoryObjects } from '../backend-memory.ts'
import type { FakeClock } from '../fake-clock.ts'
import type { MemoryLog } from '../log-memory/memory-log.ts'

/** Where a node of a cluster lives, for the plugins that it is made of. */
export interface ClusterPlace {
  /** The node's id. */
  readonly id: string
  /** A folder of its own. Another one after `kill`, with the same content. */
  readonly dataDir: string
}

export interface ClusterNodeParts {
  readonly id: string
  readonly shared: MemoryLog
  readonly folder: string
  readonly objects: MemoryObjects
  readonly topology: 'local' | 'shared'
  readonly clock: FakeClock
  readonly plugins: (place: ClusterPlace) => readonly Plugin[]
}

interface Life {
  readonly node: HoldfastNode
  /** The name under which the log knows this life. */
  readonly client: string
}

/** One node of a {@link MemoryCluster}, with the levers of a test. */
export class ClusterNode {
  readonly id: string
  readonly clock: FakeClock
  readonly failpoints = new FailpointRegistry()
  readonly objects: MemoryObjects
  readonly #parts: ClusterNodeParts
  #lives = 0
  #life: Life | undefined
  #cuts = 0

  constructor(parts: ClusterNodeParts) {
    this.id = parts.id
    this.clock = parts.clock
    this.objects = parts.objects
    this.#parts = parts
  }

  /** The node that runs. @throws TypeError when none does */
  get node(): HoldfastNode {
    if (!this.#life) throw new TypeError(`${this.id} does not run`)
    return this.#life.node
  }

  get running(): boolean {
    return this.#life !== undefined
  }

  /** Whether it cannot reach the log. */
  get isCut(): boolean {
    return this.#cuts > 0
  }

  /** The folder of the life that runs, or ran last. */
  get dataDir(): string {
    return this.#lives < 2 ? this.#parts.folder : `${this.#parts.folder}-${this.#lives}`
  }

  /** Starts the node over what its last life left behind. */
  async start(): Promise<HoldfastNode> {
    if (this.#life) throw new TypeError(`${this.id} runs already`)
    this.#lives ||= 1
    const client = `${this.id}/${this.#lives}`
    const { id, clock, objects, topology, shared, plugins } = this.#parts
    const node = createNode({
      id,
      clock,
      failpoints: this.failpoints,
      log: 'silent',
      // A clock that stands still ends no wait.
      storeRetries: 0,
      storeRate: 'off',
      plugins: [
        backendMemory({ objects, topology }),
        sharedLog(shared, client),
        ...plugins({ id, dataDir: this.dataDir }),
      ],
    })
    await node.start()
    this.#life = { node, client }
    return node
  }

  /** Stops the node in order. */
  async stop(): Promise<void> {
    const life = this.#life
    this.#life = undefined
    await life?.node.stop()
  }

  /**
   * Ends the node as a kill does: what is on its disk at this moment is what the next start finds. The old life can
   * reach the log no more, and is stopped in the background, over a folder that nobody looks at again.
   */
  async kill(): Promise<void> {
    const life = this.#life
    if (!life) return
    this.#life = undefined
    this.#parts.shared.partition(life.client)
    const from = this.dataDir
    this.#lives++
    copyLive(from, this.dataDir)
    await life.node.stop().catch(() => undefined)
  }

  /** Takes the state of another node in the place of its own, as one does that the log has left behind. */
  async install(from: ClusterNode): Promise<void> {
    using rows = from.node.service('manifest').rows()
    await this.node.service('manifest').install(rows)
  }

  /** Cuts the network between this node and the log, until the result is disposed of. */
  partition(): Disposable {
    const cut = this.#parts.shared.partition(this.#client)
    this.#cuts++
    let done = false
    return {
      [Symbol.dispose]: () => {
        if (done) return
        done = true
        this.#cuts--
        cut[Symbol.dispose]()
      },
    }
  }

  /** Every call of the log takes this long (ms on the node's own clock), until the result is disposed of. */
  delay(ms: number): Disposable {
    return this.#parts.shared.delay(this.#client, ms, this.clock)
  }

  get #client(): string {
    if (!this.#life) throw new TypeError(`${this.id} does not run`)
    return this.#life.client
  }
}

/** Copies a folder whose node still runs: a file that is renamed meanwhile begins the copy anew. */
function copyLive(from: string, to: string): void {
  for (let left = 20; ; left--)
    try {
      cpSync(from, to, { recursive: true, filter: (file) => !isLock(basename(file)) })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || left === 0) throw error
      rmSync(to, { recursive: true, force: true })
    }
}

/** The locks of a folder name the process that held it. */
function isLock(name: string): boolean {
  return name === 'lock' || name.startsWith('lock.')
}

/** The plugin that gives a node its connection to the shared log. */
function sharedLog(shared: MemoryLog, client: string): Plugin {
  return definePlugin({
    name: '@holdfast/testkit',
    id: 'log-memory',
    version: '0.1.0',
    api: '1.0',
    provides: ['log'],
    setup: ({ provide }) => provide('log', () => shared.connect(client)),
  })
}
