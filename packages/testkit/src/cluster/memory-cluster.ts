import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOG_START, type Plugin } from '@holdfast/core'
import { MemoryObjects } from '../backend-memory.ts'
import { FakeClock } from '../fake-clock.ts'
import { type MemoryLog, type MemoryLogOptions, memoryLog } from '../log-memory/memory-log.ts'
import { ClusterNode, type ClusterPlace } from './cluster-node.ts'

export interface MemoryClusterOptions {
  /** What a node is made of besides its store and its log: the manifest plugin, and what is under test. Once for each life. */
  readonly plugins: (place: ClusterPlace) => readonly Plugin[]
  /** How many nodes, `node-1` and so on, or their ids. Default 3. */
  readonly nodes?: number | readonly string[]
  /** `local` (the default): each node has a store of its own. `shared`: all have the same. */
  readonly topology?: 'local' | 'shared'
  /** Wall time of every node at the start. Default: that of a new {@link FakeClock}. */
  readonly now?: number | Date
  readonly log?: MemoryLogOptions
}

/**
 * Several started nodes in this process over one {@link memoryLog}, each with its own clock, failpoints, folder and,
 * unless they share one, store. `await using` stops them and removes their folders.
 *
 * ```ts
 * await using cluster = await memoryCluster({ plugins: ({ dataDir }) => [manifest({ dataDir })] })
 * const [one, two] = cluster.nodes
 * await cluster.appoint('primary', one)
 * using _cut = one.partition()
 * await two.node.files.write('a', 'a')
 * ```
 */
export async function memoryCluster(options: MemoryClusterOptions): Promise<MemoryCluster> {
  const cluster = new MemoryCluster(options)
  try {
    await Promise.all(cluster.nodes.map((node) => node.start()))
  } catch (error) {
    await cluster[Symbol.asyncDispose]()
    throw error
  }
  return cluster
}

/** The levers of a test over all nodes; those of one node are its own. */
export class MemoryCluster implements AsyncDisposable {
  /** With its own levers: lost answers, leaders, truncation, a log that goes back in time. */
  readonly log: MemoryLog
  readonly nodes: readonly ClusterNode[]
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-cluster-'))

  constructor({ plugins, nodes = 3, topology = 'local', now, log }: MemoryClusterOptions) {
    this.log = memoryLog(log)
    const ids = typeof nodes === 'number' ? Array.from({ length: nodes }, (_, at) => `node-${at + 1}`) : nodes
    const sharedObjects = topology === 'shared' ? new MemoryObjects() : undefined
    this.nodes = ids.map(
      (id) =>
        new ClusterNode({
          id,
          shared: this.log,
          folder: join(this.#folder, id),
          objects: sharedObjects ?? new MemoryObjects(),
          topology,
          clock: new FakeClock(now),
          plugins,
        }),
    )
  }

  /** @throws TypeError when there is no such node */
  node(id: string): ClusterNode {
    const found = this.nodes.find((node) => node.id === id)
    if (!found) throw new TypeError(`the cluster has no node ${id}`)
    return found
  }

  /**
   * Gives a role to a node, or takes it away from the one that has it: commits the record that begins the next tenure,
   * through the given node or one that runs. Gives the epoch.
   */
  async appoint(role: string, holder: ClusterNode | string, through?: ClusterNode): Promise<number> {
    const by = through ?? this.nodes.find(({ running, isCut }) => running && !isCut)
    if (!by) throw new TypeError('no node runs that could commit the tenure')
    const manifest = by.node.service('manifest')
    await manifest.barrier()
    const epoch = (manifest.role(role)?.epoch ?? 0) + 1
    const name = typeof holder === 'string' ? holder : holder.id
    const result = await manifest.commit({ ops: [{ type: 'role', name: role, holder: name, epoch }] })
    if (result.outcomes[0]?.status !== 'done')
      throw new TypeError(`the tenure ${epoch} of ${role} was not begun: somebody else was faster`)
    return epoch
  }

  /** Resolves when every node that runs and hears the log has applied all of it. */
  async settle(): Promise<void> {
    for (const node of this.nodes)
      if (node.running && !node.isCut) await node.node.service('manifest').barrier()
  }

  /** Moves the clocks of all nodes on. */
  async advance(ms: number): Promise<void> {
    await Promise.all(this.nodes.map(({ clock }) => clock.advance(ms)))
  }

  /** Truncates the log up to its head, or to a number of records before it, whoever needs them. */
  truncate({ keep = 0 }: { readonly keep?: number } = {}): void {
    const index = this.log.head.index - keep
    if (index <= LOG_START.index) return
    this.log.truncate(this.log.positionAt(index))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop().catch(() => undefined)))
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
