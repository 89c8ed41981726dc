import type { Clock } from '../../clock.ts'
import { isHoldfastError } from '../../errors.ts'
import type { MetricsRegistry } from '../../metrics/registry.ts'
import type { Backend } from '../backend.ts'
import { type BackendCall, overlay, stepwise } from './calls.ts'

export interface MeasuredParts {
  readonly metrics: MetricsRegistry
  readonly clock: Clock
}

/** Seconds, from a local disk to a store far away. */
const BUCKETS = [0.0001, 0.001, 0.01, 0.1, 1, 10, 60, 600]

/** Counts the calls as their callers see them, with their times and results: `ok`, or the kind of the error. */
export function measured(backend: Backend, { metrics, clock }: MeasuredParts): Backend {
  const seconds = metrics.histogram('holdfast_backend_seconds', 'How long calls of the store take.', BUCKETS)
  const bytes = metrics.counter(
    'holdfast_backend_bytes_total',
    'Bytes written to the store and read from it.',
  )
  const well = new Map<BackendCall, { observe(value: number): void }>()
  for (const call of ['write', 'read', 'stat', 'list', 'delete'] as const)
    well.set(call, seconds.of({ call, result: 'ok' }))
  const ended = (call: BackendCall, from: number, error?: unknown) => {
    const time = (clock.monotonic() - from) / 1000
    if (error === undefined) well.get(call)?.observe(time)
    else seconds.observe({ call, result: isHoldfastError(error) ? error.kind : 'source' }, time)
  }
  const timed = async <T>(call: BackendCall, run: () => Promise<T>): Promise<T> => {
    const from = clock.monotonic()
    try {
      const answer = await run()
      ended(call, from)
      return answer
    } catch (error) {
      ended(call, from, error)
      throw error
    }
  }
  return overlay(backend, {
    async write(key, source, options) {
      const written = await timed('write', () => backend.write(key, source, options))
      bytes.add({ call: 'write' }, written.size)
      return written
    },
    async read(key, options) {
      const pieces = await timed('read', () => backend.read(key, options))
      return counted(pieces, (size) => bytes.add({ call: 'read' }, size))
    },
    stat: (key, options) => timed('stat', () => backend.stat(key, options)),
    // Page by page: what a caller does between two pages is his own time.
    list: (options) => stepwise(backend.list(options), (next) => timed('list', next)),
    delete: (targets, options) => timed('delete', () => backend.delete(targets, options)),
  })
}

/** Tells how much was read when the reading is over, however it ends. */
async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  tell: (size: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0
  try {
    for await (const piece of pieces) {
      size += piece.length
      yield piece
    }
  } finally {
    tell(size)
  }
}
