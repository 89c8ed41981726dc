import { type Backend, createIds, type DeleteOutcome, HoldfastError } from '@holdfast/core'
import { FakeClock, memoryBackend } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { retrying } from '../../src/storage/layers/retry.ts'
import { all, answers, failure, pieces, stub, turns, WRITTEN } from './stub.ts'

const BYTES = new Uint8Array([1, 2, 3])
const busy = () => failure('unavailable')

function tried(calls: Partial<Backend> | Backend, retries = 3) {
  const clock = new FakeClock()
  const retried: string[] = []
  const inner = 'write' in calls && 'delete' in calls ? (calls as Backend) : stub(calls)
  const onRetry = (call: string) => void retried.push(call)
  const backend = retrying(inner, { clock, ids: createIds(clock), retries, onRetry })
  /** Lets the waits pass until the call has ended. */
  const ended = async <T>(call: Promise<T>): Promise<T> => {
    let over = false
    const settled = call.finally(() => {
      over = true
    })
    settled.catch(() => undefined)
    for (let step = 0; step < 200 && !over; step++) {
      await turns(5)
      await clock.advance(1000)
    }
    return settled
  }
  return { clock, backend, retried, ended }
}

describe('trying again', () => {
  it('[B-06] what may succeed later is tried again, with waits between that double', async () => {
    const times: number[] = []
    const answer = answers<typeof WRITTEN>(busy(), busy(), WRITTEN)
    const stat = () => {
      times.push(clock.monotonic())
      return answer()
    }
    const { clock, backend, retried } = tried({ stat })
    const found = backend.stat('k')
    await turns()
    for (let step = 0; step < 4; step++) await clock.advance(100)
    expect(await found).toEqual(WRITTEN)
    const [first = 0, second = 0, third = 0] = times
    expect(second - first).toBeGreaterThanOrEqual(50)
    expect(second - first).toBeLessThanOrEqual(100)
    expect(third - second).toBeGreaterThanOrEqual(100)
    expect(third - second).toBeLessThanOrEqual(200)
    expect(retried).toEqual(['stat', 'stat'])
  })

  it('[B-06] not more often than allowed, and the last error is told', async () => {
    const last = busy()
    const stat = answers<typeof WRITTEN>(busy(), busy(), last)
    const { backend, ended } = tried({ stat }, 2)
    await expect(ended(backend.stat('k'))).rejects.toBe(last)
    expect(stat.calls).toHaveLength(3)
  })

  it.each(['not_found', 'permission', 'invalid', 'corrupt', 'internal', 'no_space'] as const)(
    '[B-06] an error of kind %s is not tried again',
    async (kind) => {
      const stat = answers<typeof WRITTEN>(failure(kind))
      const { backend } = tried({ stat })
      await expect(backend.stat('k')).rejects.toMatchObject({ kind })
    },
  )

  it('[B-06] an error counts as retryable when it says so, whatever its kind is', async () => {
    const odd = new HoldfastError('HF_BACKEND', 'a lock is held', { kind: 'conflict', retryable: true })
    const { backend, ended } = tried({ stat: answers<typeof WRITTEN>(odd, WRITTEN) })
    expect(await ended(backend.stat('k'))).toEqual(WRITTEN)
  })

  it('[B-06] a wait ends with the signal of the caller', async () => {
    const stat = answers<typeof WRITTEN>(busy())
    const { backend, clock } = tried({ stat })
    const controller = new AbortController()
    const call = backend.stat('k', { signal: controller.signal })
    await turns()
    controller.abort()
    await expect(call).rejects.toMatchObject({ kind: 'aborted', cause: { kind: 'unavailable' } })
    expect(clock.timers).toBe(0)
  })

  it('[B-06] a store that wants to be left alone is, and one that wants it for long is not waited for', async () => {
    const soon = tried({ stat: answers<typeof WRITTEN>(failure('throttled', { retryAfter: 3000 }), WRITTEN) })
    const call = soon.backend.stat('k')
    await turns()
    await soon.clock.advance(2999)
    await turns()
    expect(soon.clock.timers).toBe(1)
    await soon.clock.advance(1)
    expect(await call).toEqual(WRITTEN)
    const late = tried({ stat: answers<typeof WRITTEN>(failure('throttled', { retryAfter: 60_000 })) })
    await expect(late.backend.stat('k')).rejects.toMatchObject({ kind: 'throttled' })
  })

  it('[B-06] a store that fails everything is not asked several times as much: the budget is for all calls', async () => {
    let asked = 0
    const stat = async () => {
      asked++
      throw busy()
    }
    const { backend, ended } = tried({ stat }, 10)
    const calls = Array.from({ length: 200 }, () => ended(backend.stat('k')).catch(() => undefined))
    await Promise.all(calls)
    expect(asked).toBe(220)
  })

  it('[B-06] calls that go well earn tries for others', async () => {
    let failing = false
    let asked = 0
    const stat = async () => {
      asked++
      if (failing) throw busy()
      return WRITTEN
    }
    const { backend, ended } = tried({ stat }, 100)
    failing = true
    await ended(backend.stat('k')).catch(() => undefined)
    expect(asked).toBe(21)
    failing = false
    for (let call = 0; call < 51; call++) await backend.stat('k')
    failing = true
    asked = 0
    await ended(backend.stat('k')).catch(() => undefined)
    expect(asked).toBe(6)
  })
})

describe('what each call repeats', () => {
  it('[B-06] a listing goes on behind the last key that it gave', async () => {
    const calls: unknown[] = []
    const pages = [
      pieces<{ keys: string[] }>({ keys: ['a', 'b'] }, busy()),
      pieces<{ keys: string[] }>(busy()),
      pieces<{ keys: string[] }>({ keys: ['c'] }),
    ]
    const { backend, ended } = tried({
      list: (options) => {
        calls.push(options)
        return pages.shift() as never
      },
    })
    const listed = await ended(all(backend.list({ prefix: 'p', until: 'z' })))
    expect(listed.flatMap(({ keys }) => keys)).toEqual(['a', 'b', 'c'])
    const again = { prefix: 'p', until: 'z', after: 'b' }
    expect(calls).toEqual([{ prefix: 'p', until: 'z' }, again, again])
  })

  it('[B-06] a delete is not tried again: whoever deletes has to look anew before', async () => {
    const del = answers<DeleteOutcome[]>(busy())
    const { backend } = tried({ delete: del })
    await expect(backend.delete([{ key: 'a' }])).rejects.toMatchObject({ kind: 'unavailable' })
    expect(del.calls).toHaveLength(1)
  })

  it('[B-06] a write of a stream is not tried again: its pieces are spent', async () => {
    const write = answers<typeof WRITTEN>(busy())
    const { backend } = tried({ write })
    await expect(backend.write('k', pieces(BYTES))).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it('[B-06] a write whose answer was lost is found out to be written', async () => {
    const store = memoryBackend()
    let lost = 0
    const { backend, ended } = tried({
      topology: store.topology,
      capabilities: store.capabilities,
      limits: store.limits,
      write: async (key, source, options) => {
        const written = await store.write(key, source, options)
        if (lost++ === 0) throw busy()
        return written
      },
      read: (key, options) => store.read(key, options),
      stat: (key, options) => store.stat(key, options),
      list: (options) => store.list(options),
      delete: (targets, options) => store.delete(targets, options),
    })
    const written = await ended(backend.write('k', BYTES, { ifAbsent: true }))
    expect(written).toMatchObject({ size: 3, checksum: expect.stringMatching(/^sha256:039058c6/) })
  })

  it("[B-06] a key that is somebody else's stays so, also after a try that failed", async () => {
    const store = memoryBackend()
    const { backend, ended } = tried({
      topology: store.topology,
      capabilities: store.capabilities,
      limits: store.limits,
      write: (() => {
        let failed = false
        return async (key, source, options) => {
          if (!failed) {
            failed = true
            await store.write(key, new Uint8Array([9, 9, 9]))
            throw busy()
          }
          return store.write(key, source, options)
        }
      })() as Backend['write'],
      read: (key, options) => store.read(key, options),
      stat: (key, options) => store.stat(key, options),
      list: (options) => store.list(options),
      delete: (targets, options) => store.delete(targets, options),
    })
    await expect(ended(backend.write('k', BYTES, { ifAbsent: true }))).rejects.toMatchObject({
      kind: 'exists',
    })
  })
})
