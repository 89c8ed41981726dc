import { createNode, FailpointRegistry, type HoldfastNode, type Logger } from '@holdfast/core'
import type { Seal } from '../packages/manifest/src/format/seal.ts'
import type { Home } from '../packages/manifest/src/home.ts'
import { manifestIn } from '../packages/manifest/src/manifest.ts'
import { seededIds } from './ids.ts'
import type { Machine } from './machine.ts'
import { consumer, expiry, logPlugin, storePlugin } from './plugins.ts'
import type { Store } from './store.ts'
import { NodeClock } from './time.ts'
import type { World } from './world.ts'

export const ERASE_DELAY_MS = 60_000
const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
}

/** One process of a node, from its start to its death. Several may follow one another on a machine, or overlap. */
export class Life {
  readonly name: string
  readonly number: number
  readonly clock: NodeClock
  readonly failpoints = new FailpointRegistry()
  readonly node: HoldfastNode
  readonly machine: Machine
  /** The one that was mounted when it began. */
  readonly store: Store
  /** `starting` until its node has started; `stopping` from when somebody has asked it to stop. */
  state: 'starting' | 'started' | 'stopping' | 'dead' = 'starting'
  /** Stopped by somebody, as with SIGSTOP. */
  #paused = false
  #held: (() => void)[] = []

  constructor(world: World, machine: Machine, number: number) {
    this.name = `${machine.name}.${number}`
    this.number = number
    this.machine = machine
    this.store = machine.strange ?? machine.store
    this.clock = new NodeClock(world.time, machine)
    this.node = createNode({
      plugins: [
        storePlugin(this),
        ...(world.log ? [logPlugin(world.log, this)] : []),
        manifestIn(() => homeOf(world.seal, this), knobs()),
        expiry(ERASE_DELAY_MS),
        consumer(world, this),
      ],
      id: machine.name,
      clock: this.clock,
      ids: seededIds(this.clock, world.random, world.count),
      failpoints: this.failpoints,
      log: SILENT,
      env: {},
    })
  }

  get isDead(): boolean {
    return this.state === 'dead'
  }

  get isPaused(): boolean {
    return this.#paused
  }

  get runs(): boolean {
    return this.state === 'started' && !this.#paused
  }

  /** Nothing that it does from now on comes to anything; what is under way to the store may still arrive. */
  die(): void {
    this.state = 'dead'
    this.clock.state = 'dead'
    this.#held = []
  }

  pause(): void {
    this.#paused = true
    this.clock.state = 'stands'
  }

  resume(): void {
    this.#paused = false
    if (this.isDead) return
    this.clock.state = 'runs'
    for (const fn of this.#held.splice(0)) fn()
  }

  /** Hands it an answer; one that is paused gets it when it goes on, a dead one never. */
  whenRunning(fn: () => void): void {
    if (this.isDead) return
    if (this.#paused) this.#held.push(fn)
    else fn()
  }
}

function knobs() {
  return {
    dataDir: '/simulated',
    eraseDelay: ERASE_DELAY_MS,
    tombstoneTime: '2d',
    deleteTimeout: '1m',
    logKeep: 20,
    tapCeiling: 30,
  }
}

function homeOf(seal: Seal, life: Life): Home {
  const isDead = () => life.isDead
  const { manifest, journal } = life.machine
  return {
    room: {
      begin: () => undefined,
      close: async () => undefined,
      mustHaveRoom: () => undefined,
      isFull: (error) => (error as { readonly code?: unknown }).code === 'ENOSPC',
      async makeRoom() {
        const { reserve } = manifest
        manifest.reserve = false
        return reserve
      },
    },
    take: () => ({ release: () => undefined }),
    nodeId: async () => ({ nodeId: life.machine.name }),
    seal: async () => seal,
    openManifest: async () => manifest.open(isDead),
    openJournal: async () => journal.open(isDead),
    beside: () => manifest.beside(isDead),
    closed: async () => undefined,
  }
}
