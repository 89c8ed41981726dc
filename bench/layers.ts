import { createIds, layered, MetricsRegistry, systemClock } from '@holdfast/core'
import { memoryBackend } from '@holdfast/testkit'
import { type BenchLine, comparePairs, type Sample, unbounded } from './pairs.ts'

const N = 200_000
const KEYS = 1000
const PAIRS = 9

/** Looks at objects in memory through all of core's layers, against the same calls of the bare backend. */
export async function layers(): Promise<BenchLine & Record<string, unknown>> {
  const bare = memoryBackend()
  const keys = Array.from({ length: KEYS }, (_, i) => `sales/2026/11/21/part-${i}.parquet`)
  for (const key of keys) await bare.write(key, Buffer.from(key))
  const wrapped = layered(bare, {
    clock: systemClock,
    ids: createIds(systemClock),
    metrics: new MetricsRegistry(),
    callTimeout: 60_000,
    retries: 3,
    rate: 'adaptive',
  })
  const through = async (backend: typeof bare): Promise<Sample> => {
    let bytes = 0
    const start = performance.now()
    for (let i = 0; i < N; i++) bytes += (await backend.stat(keys[i % KEYS]!))?.size ?? 0
    return { ms: performance.now() - start, result: `${N} calls, ${bytes} bytes` }
  }
  const compared = await comparePairs(
    PAIRS,
    N,
    () => through(wrapped),
    () => through(bare),
  )
  return {
    ...compared,
    ...unbounded(N, 'await backend.stat(key) of the bare memory backend, one after the other'),
    nsPerCallMore: Math.round(1e9 / compared.ours - 1e9 / compared.peer),
  }
}
