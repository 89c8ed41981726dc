import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { RateLimiter, rateLimited } from '../../src/storage/layers/rate.ts'
import { all, answers, failure, pieces, stub, turns, WRITTEN } from './stub.ts'

/** Sends requests for so many seconds as fast as the limiter lets them through, and gives their number in each second. */
async function perSecond(
  limiter: RateLimiter,
  clock: FakeClock,
  seconds: number,
  callers = 50,
): Promise<number[]> {
  const counts: number[] = []
  let sent = 0
  let over = false
  const caller = async () => {
    while (!over) {
      await (limiter.turn() ?? clockTick(clock))
      if (over) return
      sent++
      limiter.answered()
    }
  }
  const running = Array.from({ length: callers }, caller)
  for (let second = 0; second < seconds; second++) {
    const before = sent
    for (let step = 0; step < 20; step++) {
      await clock.advance(50)
      await turns(2)
    }
    counts.push(sent - before)
  }
  over = true
  await clock.advance(3_600_000)
  await Promise.all(running)
  return counts
}

/** A request that need not wait takes 50 ms of its caller all the same. */
function clockTick(clock: FakeClock): Promise<void> {
  return new Promise((resolve) => void clock.timer(50, resolve))
}

describe('the rate of requests', () => {
  it('[B-06] has no bound until the store asks for less', () => {
    const limiter = new RateLimiter(new FakeClock())
    for (let request = 0; request < 10_000; request++) expect(limiter.turn()).toBeUndefined()
    expect(limiter.rate).toBe(Number.POSITIVE_INFINITY)
  })

  it('[B-06] never passes a bound, whoever asks', async () => {
    const clock = new FakeClock()
    for (const count of await perSecond(new RateLimiter(clock, 100), clock, 5)) {
      expect(count).toBeLessThanOrEqual(101)
      expect(count).toBeGreaterThanOrEqual(80)
    }
  })

  it('[B-06] falls below what was too much, once for all answers of one burst, and rises again', async () => {
    const clock = new FakeClock()
    const limiter = new RateLimiter(clock)
    for (let request = 0; request < 200; request++) limiter.turn()
    for (let answer = 0; answer < 50; answer++) limiter.throttled()
    expect(limiter.rate).toBeCloseTo(140)
    const counts = await perSecond(limiter, clock, 4)
    expect(counts[0]).toBeLessThanOrEqual(160)
    expect(limiter.rate).toBeGreaterThan(140)
    expect(limiter.rate).toBeLessThan(300)
    await clock.advance(1000)
    const before = limiter.rate
    limiter.throttled()
    expect(limiter.rate).toBeLessThan(before)
  })

  it('[B-06] is without a bound again when the store has been quiet for long', async () => {
    const clock = new FakeClock()
    const limiter = new RateLimiter(clock)
    limiter.turn()
    limiter.throttled()
    for (let second = 0; second < 60; second++) {
      await clock.advance(1000)
      limiter.answered()
    }
    expect(limiter.rate).toBe(Number.POSITIVE_INFINITY)
  })

  it('[B-06] nobody asks before the time that the store has named', async () => {
    const clock = new FakeClock()
    const limiter = new RateLimiter(clock)
    limiter.throttled(5000)
    let went = false
    const turn = limiter.turn()
    void turn?.then(() => {
      went = true
    })
    await clock.advance(4999)
    expect(went).toBe(false)
    await clock.advance(1)
    await turn
  })

  it('[B-06] whoever waits is let go by his signal', async () => {
    const limiter = new RateLimiter(new FakeClock())
    limiter.throttled(5000)
    const controller = new AbortController()
    const turn = limiter.turn(controller.signal)
    controller.abort(new Error('enough'))
    await expect(turn).rejects.toThrow('enough')
  })

  it('[B-06] who leaves gives up his turn to those behind him', async () => {
    const clock = new FakeClock()
    const limiter = new RateLimiter(clock, 10)
    limiter.turn()
    const controller = new AbortController()
    const left = Array.from({ length: 1000 }, () => limiter.turn(controller.signal)?.catch(() => 'left'))
    const mine = limiter.turn()
    controller.abort(new Error('enough'))
    await Promise.all(left)
    await clock.advance(100)
    await mine
    expect(clock.timers).toBe(0)
  })

  it('[B-06] those who wait already slow down with the rate, and speed up with it', async () => {
    const clock = new FakeClock()
    const limiter = new RateLimiter(clock, 100)
    let gone = 0
    const turns = Array.from({ length: 500 }, () =>
      Promise.resolve(limiter.turn()).then(() => {
        gone++
      }),
    )
    await clock.advance(1000)
    expect(gone).toBeGreaterThanOrEqual(95)
    limiter.throttled()
    limiter.throttled(2000)
    const before = gone
    await clock.advance(1999)
    expect(gone).toBe(before)
    await clock.advance(1000)
    expect(gone - before).toBeLessThanOrEqual(75)
    for (let second = 0; second < 5; second++) {
      limiter.answered()
      await clock.advance(1000)
    }
    await Promise.all(turns)
  })

  it('[B-06] a store that wants to be left alone for long is not waited for', async () => {
    const limiter = new RateLimiter(new FakeClock(), 10)
    limiter.turn()
    const waiting = limiter.turn()?.catch((error: unknown) => error)
    limiter.throttled(3_600_000)
    const throttled = { code: 'HF_BACKEND', kind: 'throttled', context: { retryAfter: 3_600_000 } }
    expect(await waiting).toMatchObject(throttled)
    await expect(limiter.turn()).rejects.toMatchObject(throttled)
  })

  it('[B-06] a call that is cancelled while it waits is kind aborted', async () => {
    const limiter = new RateLimiter(new FakeClock(), 10)
    limiter.turn()
    const controller = new AbortController()
    const call = rateLimited(stub(), limiter).stat('a', { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(call).rejects.toMatchObject({
      code: 'HF_BACKEND',
      kind: 'aborted',
      cause: { message: 'enough' },
    })
  })

  it('[B-06] each page of a listing is a request, and a failed outcome of a delete is heard', async () => {
    const clock = new FakeClock()
    const limiter = new RateLimiter(clock)
    const backend = rateLimited(
      stub({
        write: answers(WRITTEN),
        list: () => pieces({ keys: ['a'] }, { keys: ['b'] }),
        delete: async () => [{ key: 'a', status: 'failed', error: failure('throttled') }],
      }),
      limiter,
    )
    expect(await all(backend.list())).toHaveLength(2)
    await backend.delete([{ key: 'a' }])
    // Two pages, the end of the listing and the delete.
    expect(limiter.rate).toBeCloseTo(10 * 0.7)
    let written = false
    const write = backend.write('a', new Uint8Array(1)).then(() => {
      written = true
    })
    await turns()
    expect(written).toBe(false)
    await clock.advance(150)
    await write
  })
})
