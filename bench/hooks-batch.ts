import {
  type BatchSource,
  type CommittedBatch,
  type ConsumerRow,
  createNode,
  definePlugin,
  type Plugin,
  type StorageKey,
} from '@holdfast/core'
import { type BenchLine, comparePairs, type Sample, unbounded } from './pairs.ts'

const N = 1_000_000
const CONSUMERS = 3
const PAIRS = 5

/**
 * N batches of one op, all there from the start, through three consumers: what delivery costs by itself. The peer
 * reads the same pages and awaits the same three functions, batch by batch.
 */
export async function hooksBatch(): Promise<BenchLine> {
  const ours = async (): Promise<Sample> => {
    const seen = new Array<number>(CONSUMERS).fill(0)
    const done = Promise.withResolvers<void>()
    const taps = seen.map((_, index) =>
      follower(`bench-${index}`, () => {
        seen[index]!++
        if (seen.every((count) => count === N)) done.resolve()
      }),
    )
    const node = createNode({ plugins: [batches(new Batches()), ...taps], id: 'bench-node', log: 'silent' })
    const start = performance.now()
    await node.start()
    await done.promise
    const ms = performance.now() - start
    await node.stop()
    return { ms, result: seen.join(' ') }
  }
  const peer = async (): Promise<Sample> => {
    const seen = new Array<number>(CONSUMERS).fill(0)
    const taps = seen.map((_, index) => async (_batch: CommittedBatch) => void seen[index]!++)
    const source = new Batches()
    const start = performance.now()
    for (const tap of taps)
      for (let at = 0; at < N; ) {
        const { events, upTo } = source.page(at, 100)
        for (const { event } of events) await tap(event)
        at = upTo.position.index
      }
    return { ms: performance.now() - start, result: seen.join(' ') }
  }
  const compared = await comparePairs(PAIRS, N, ours, peer)
  const nanoseconds = Math.round(1e9 / compared.ours / CONSUMERS)
  console.error(`hooks.batch: ${nanoseconds} ns per batch and tap`)
  return {
    ...compared,
    ...unbounded(N, `await each of ${CONSUMERS} functions for each batch of the same pages`),
  }
}

function follower(id: string, fn: () => void): Plugin {
  const setup: Parameters<typeof definePlugin>[0]['setup'] = ({ hooks }) =>
    hooks.onManifestBatch.tap(async () => fn())
  return definePlugin({ name: id, id, version: '1.0.0', api: '1.0', setup })
}

function batches(source: BatchSource): Plugin {
  return definePlugin({
    name: 'bench-batches',
    id: 'bench-batches',
    version: '1.0.0',
    api: '1.0',
    provides: ['batches'],
    setup: ({ provide }) => provide('batches', () => source),
  })
}

/** N records of one batch each, made when they are read. */
class Batches implements BatchSource {
  readonly #rows = new Map<string, ConsumerRow>()

  head() {
    return { term: 1, index: N }
  }

  page(after: number, limit: number) {
    const events = Array.from({ length: Math.min(limit, N - after) }, (_, at) => {
      const position = { term: 1, index: after + at + 1 }
      const event: CommittedBatch = {
        type: 'batch',
        id: String(position.index),
        position,
        ordinal: 0,
        time: 0,
        ops: [{ type: 'doom', key: 'a' as StorageKey }],
        outcomes: [{ status: 'done' }],
      }
      return { event, after: { position, done: 0 } }
    })
    return { events, upTo: events.at(-1)?.after ?? { position: { term: 1, index: after }, done: 0 } }
  }

  // There are no deletions here, so every page is one of batches.
  readonly read = async (_hook: unknown, { position }: ConsumerRow['cursor'], { limit }: { limit: number }) =>
    this.page(position.index, limit) as never

  consumers() {
    return [...this.#rows.values()]
  }

  async enroll(names: Parameters<BatchSource['enroll']>[0]) {
    // From the first batch on, not from the head: there is nothing to come.
    await this.save(names.map((name) => ({ ...name, cursor: { position: { term: 0, index: 0 }, done: 0 } })))
  }

  async save(rows: readonly ConsumerRow[]) {
    for (const row of rows) this.#rows.set(`${row.hook} ${row.plugin}`, row)
  }

  async forget() {}

  onCommitted() {
    return () => undefined
  }
}
