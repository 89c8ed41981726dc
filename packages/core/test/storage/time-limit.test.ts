import { getEventListeners } from 'node:events'
import type { Backend } from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { timeLimited } from '../../src/storage/layers/time-limit.ts'
import { all, pieces, stub, turns, WRITTEN } from './stub.ts'

const BYTES = new Uint8Array(1)
const never = () => new Promise<never>(() => undefined)

function limited(calls: Partial<Backend>) {
  const clock = new FakeClock()
  return { clock, backend: timeLimited(stub(calls), { clock, limit: 1000 }) }
}

describe('time limits', () => {
  const hanging: readonly (readonly [string, Partial<Backend>, (backend: Backend) => Promise<unknown>])[] = [
    ['stat', { stat: never }, (backend) => backend.stat('k')],
    ['delete', { delete: never }, (backend) => backend.delete([{ key: 'k' }])],
    ['read', { read: never }, (backend) => backend.read('k')],
    ['write', { write: never }, (backend) => backend.write('k', pieces(BYTES))],
    [
      'list',
      { list: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }) },
      (backend) => all(backend.list()),
    ],
    [
      'a piece of a read',
      { read: async () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }) },
      async (backend) => all(await backend.read('k')),
    ],
  ]

  it.each(hanging)(
    '[B-06] %s that hangs is unavailable when its time is over, and not before',
    async (_, calls, call) => {
      const { clock, backend } = limited(calls)
      let ended = false
      const answer = call(backend).catch((error: unknown) => error)
      void answer.then(() => {
        ended = true
      })
      await turns()
      await clock.advance(999)
      await turns()
      expect(ended).toBe(false)
      await clock.advance(1)
      expect(await answer).toMatchObject({ code: 'HF_BACKEND', kind: 'unavailable', retryable: true })
      expect(clock.timers).toBe(0)
    },
  )

  it.each(hanging)(
    '[B-06] %s that forgets its signal is aborted at once for its caller',
    async (_, calls, call) => {
      const { clock, backend } = limited(calls)
      const controller = new AbortController()
      const withSignal = new Proxy(backend, {
        get: (target, name) => {
          const given = target[name as keyof Backend] as (...args: unknown[]) => unknown
          if (name === 'list') return () => given({ signal: controller.signal })
          return (...args: unknown[]) =>
            given(...(name === 'write' ? args.slice(0, 2) : args.slice(0, 1)), { signal: controller.signal })
        },
      })
      const answer = call(withSignal).catch((error: unknown) => error)
      await turns()
      controller.abort(new Error('enough'))
      expect(await answer).toMatchObject({ kind: 'aborted', cause: { message: 'enough' } })
      expect(clock.timers).toBe(0)
    },
  )

  it('[B-06] the store is told by its signal when its time is over', async () => {
    let told: AbortSignal | undefined
    const { clock, backend } = limited({
      stat: async (_key, options) => {
        told = options?.signal
        return never()
      },
    })
    const answer = backend.stat('k').catch(() => undefined)
    await turns()
    expect(told?.aborted).toBe(false)
    await clock.advance(1000)
    await answer
    expect(told?.aborted).toBe(true)
  })

  it("[B-06] the time of a slow source is not the store's", async () => {
    const { clock, backend } = limited({
      async write(_key, source) {
        await all(source as AsyncIterable<Uint8Array>)
        return WRITTEN
      },
    })
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const slow = (async function* () {
      for (const gate of gates) {
        await gate.promise
        yield BYTES
      }
    })()
    const answer = backend.write('k', slow)
    for (const gate of gates) {
      await turns()
      await clock.advance(50_000)
      gate.resolve()
    }
    expect(await answer).toEqual(WRITTEN)
    expect(clock.timers).toBe(0)
  })

  it('[B-06] a store that hangs after its source has failed is given up', async () => {
    const { clock, backend } = limited({
      async write(_key, source) {
        await all(source as AsyncIterable<Uint8Array>).catch(() => undefined)
        return never()
      },
    })
    const answer = backend
      .write('k', pieces<Uint8Array>(BYTES, new Error('mine')))
      .catch((error: unknown) => error)
    await turns()
    await clock.advance(1000)
    expect(await answer).toMatchObject({ kind: 'unavailable' })
  })

  it('[B-06] a large stream has the time that its end needs', async () => {
    const sent = Promise.withResolvers<typeof WRITTEN>()
    const { clock, backend } = limited({
      async write(_key, source) {
        await all(source as AsyncIterable<Uint8Array>)
        return sent.promise
      },
    })
    const answer = backend.write('k', pieces(new Uint8Array(320 * 1024), new Uint8Array(320 * 1024)))
    await turns()
    await clock.advance(10_500)
    sent.resolve(WRITTEN)
    expect(await answer).toEqual(WRITTEN)
  })

  it('[B-06] what is never read leaves no listener on a signal that lives long', async () => {
    const { backend } = limited({ read: async () => pieces(BYTES), list: () => pieces({ keys: ['a'] }) })
    const { signal } = new AbortController()
    for (let call = 0; call < 50; call++) {
      await backend.read('k', { signal })
      backend.list({ signal })
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(await all(await backend.read('k', { signal }))).toHaveLength(1)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it("[B-06] the time of a slow reader is not the store's", async () => {
    const { clock, backend } = limited({ list: () => pieces({ keys: ['a'] }, { keys: ['b'] }) })
    const seen: string[] = []
    for await (const { keys } of backend.list()) {
      seen.push(...keys)
      await clock.advance(50_000)
    }
    expect(seen).toEqual(['a', 'b'])
  })

  it('[B-06] bytes that are given in one piece have the time that they need', async () => {
    const sent = Promise.withResolvers<typeof WRITTEN>()
    const { clock, backend } = limited({ write: () => sent.promise })
    const answer = backend.write('k', new Uint8Array(640 * 1024))
    await turns()
    await clock.advance(10_500)
    sent.resolve(WRITTEN)
    expect(await answer).toEqual(WRITTEN)
  })

  it('[B-06] a stream that is left early is closed, and leaves no timer and no listener behind', async () => {
    let closed = false
    const { clock, backend } = limited({
      async *list() {
        try {
          yield { keys: ['a'] }
          yield { keys: ['b'] }
        } finally {
          closed = true
        }
      },
    })
    for await (const _ of backend.list()) break
    await turns()
    expect(closed).toBe(true)
    expect(clock.timers).toBe(0)
  })
})
