import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { items, jobPlugin, startNode } from './support.ts'

const rejected = (signal: AbortSignal, error: () => unknown) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(error()), { once: true }))

describe.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
  ["a timer of Node's own", (signal) => wait(60_000, undefined, { signal })],
  ['the reason of its signal', (signal) => rejected(signal, () => signal.reason)],
  ['a DOMException', (signal) => rejected(signal, () => new DOMException('given up', 'AbortError'))],
])('a job that ends with %s', (_what, end) => {
  const job = (extra = {}) =>
    jobPlugin(
      async (chunk, { signal }) => {
        await end(signal)
        return { done: { files: chunk.length, bytes: 0, rows: 0 }, skipped: {} }
      },
      items(1),
      extra,
    )

  it('[R-10] was cancelled', async () => {
    await using node = await startNode([job()])
    const onProgress = ({ id, phase }: { id: string; phase: string }) => {
      if (phase === 'acting') setImmediate(() => node.jobs.cancel(id))
    }
    expect((await node.jobs.run('sweep', { act: true }, { onProgress })).outcome).toEqual({
      status: 'aborted',
      reason: 'cancelled',
      code: 'HF_STOPPED',
      message: 'the run was cancelled',
    })
  })

  it('[R-10] timed out', async () => {
    await using node = await startNode([job({ timeout: 20 })])
    expect((await node.jobs.run('sweep', { act: true })).outcome).toMatchObject({
      reason: 'timed_out',
      code: 'HF_RUN_TIMED_OUT',
    })
  })
})

describe('a job that is told to end', () => {
  it('[R-04] and fails in another way has failed', async () => {
    const failing = jobPlugin((_chunk, { signal }) => rejected(signal, () => new Error('disk')), items(1), {
      timeout: 20,
    })
    await using node = await startNode([failing])
    expect((await node.jobs.run('sweep', { act: true })).outcome).toMatchObject({
      reason: 'authority_write_failed',
      message: 'disk',
    })
  })
})
