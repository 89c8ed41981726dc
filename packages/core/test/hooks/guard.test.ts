import { getEventListeners } from 'node:events'
import {
  createLogger,
  createNode,
  type Denial,
  type GateRequest,
  type HookName,
  type HookPort,
  MetricsRegistry,
  type Plugin,
  type Timer,
} from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { AsyncSeriesHook } from 'tapable'
import { describe, expect, it } from 'vitest'
// The only imports of internals in this suite: the kernel does not call beforeSnapshotWrite yet, and a plugin cannot
// get at a hook itself, to tap it past its port.
import { Secrets } from '../../src/config/secrets.ts'
import { guardHook, type HookArguments } from '../../src/hooks/hook.ts'
import { createHooks } from '../../src/hooks/hooks.ts'
import { hookSeconds } from '../../src/hooks/metrics.ts'
import { acceptNothing } from '../../src/hooks/tap.ts'
import { Watchdog } from '../../src/hooks/watchdog.ts'
import { plugin, settle } from '../support.ts'
import { held, hookNode } from './support.ts'

const REQUEST: GateRequest = { action: 'condemn', actor: 'user' }
const INTENT = { position: { term: 1, index: 1 }, source: 'local', estimatedBytes: 1 } as const
const DURABLE = ['onManifestBatch', 'onFileDeleted'] as const

/** Counts the timers that were ever taken. */
class CountingClock extends FakeClock {
  taken = 0
  override timer(ms: number, fn: () => void): Timer {
    this.taken++
    return super.timer(ms, fn)
  }
}

/** Taps a hook with whatever it is given, right or wrong. */
function tapper(id: string, hook: HookName, fn: unknown): Plugin {
  return plugin(id, ({ hooks }) =>
    (hooks[hook] as HookPort<unknown, unknown>).tap(fn as () => Promise<unknown>),
  )
}

const WRONG: [what: string, fn: () => unknown, said: string][] = [
  [
    'throws',
    () => {
      throw new Error('broken')
    },
    'failed: broken',
  ],
  ['rejects', async () => Promise.reject(new Error('broken')), 'failed: broken'],
  ['throws what is no error', async () => Promise.reject('broken'), 'failed: broken'],
  ['is synchronous', () => undefined, 'returned no promise'],
  ['resolves with a Boolean', async () => true, 'resolved with boolean'],
  ['resolves with null', async () => null, 'resolved with null'],
]

describe('the guard of a tap', () => {
  it.each(WRONG)('[K-05] at gate: one that %s denies, and is named', async (_what, fn, said) => {
    const { node } = await hookNode([tapper('wrong', 'gate', fn)])
    expect(await node.gate.check(REQUEST)).toMatchObject({
      allowed: false,
      by: 'wrong',
      reason: 'unknown',
      message: expect.stringContaining(said),
    })
    expect(node.hooks.status().taps).toEqual([
      expect.objectContaining({ hook: 'gate', plugin: 'wrong', calls: 1, failures: 1 }),
    ])
  })

  for (const hook of DURABLE)
    it.each(WRONG)(
      `[K-05] at ${hook}: one that %s gets the event again, and is named`,
      async (_what, fn, said) => {
        const { node, batches } = await hookNode([tapper('wrong', hook, fn)])
        batches.append(['a'], ['f'])
        await settle()
        expect(node.hooks.status().consumers).toEqual([
          expect.objectContaining({
            hook,
            plugin: 'wrong',
            state: 'failing',
            attempts: 1,
            lag: 1,
            lastError: expect.stringMatching(new RegExp(`HF_TAP_FAILED.*${hook}.*wrong.*${said}`)),
          }),
        ])
      },
    )

  it.each(WRONG)(
    '[K-05] at beforeSnapshotWrite: one that %s is counted and named, and the next is called',
    async (_what, fn, said) => {
      const asked: string[] = []
      const hooks = createHooks(new FakeClock(), createLogger('silent'), new MetricsRegistry())
      hooks.portsOf('wrong').beforeSnapshotWrite.tap(fn as () => Promise<void>)
      hooks.portsOf('right').beforeSnapshotWrite.tap(async ({ source }) => void asked.push(source))
      await hooks.beforeSnapshotWrite.announce(INTENT)
      expect(asked).toEqual(['local'])
      expect(hooks.beforeSnapshotWrite.taps.map(({ plugin, record }) => [plugin, record.failures])).toEqual([
        ['wrong', 1],
        ['right', 0],
      ])
      expect(hooks.beforeSnapshotWrite.taps[0]?.record.lastError?.message).toContain(said)
    },
  )

  it('[K-05] a gate tap that hangs denies at its limit, then at once, and is not called until its call has ended', async () => {
    const clock = new FakeClock()
    const { promise, release } = held()
    let calls = 0
    const hanging = plugin('stuck', ({ hooks }) =>
      hooks.gate.tap({ timeLimit: 5000 }, () => {
        calls++
        return calls === 1 ? promise : Promise.resolve(undefined)
      }),
    )
    const { node } = await hookNode([hanging], { clock })
    const first = node.gate.check(REQUEST)
    await settle()
    await clock.advance(4999)
    expect(node.hooks.status().taps).toEqual([
      expect.not.objectContaining({ hangingSince: expect.anything() }),
    ])
    await clock.advance(1)
    expect(await first).toMatchObject({
      allowed: false,
      by: 'stuck',
      message: expect.stringContaining('5000 ms'),
    })
    await clock.advance(2000)
    expect(await node.gate.check(REQUEST)).toMatchObject({
      allowed: false,
      by: 'stuck',
      message: expect.stringContaining('has hung for 7000 ms'),
    })
    expect(node.hooks.status().taps).toEqual([
      expect.objectContaining({ plugin: 'stuck', hangingSince: clock.now() - 7000 }),
    ])
    expect(calls).toBe(1)
    release()
    await settle()
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: true })
    expect(calls).toBe(2)
  })

  it('[K-05] of two calls that hang at once, both have to end', async () => {
    const clock = new FakeClock()
    const holds = [held(), held()]
    let calls = 0
    const { node } = await hookNode(
      [
        plugin('stuck', ({ hooks }) =>
          hooks.gate.tap(() => holds[calls++]?.promise ?? Promise.resolve(undefined)),
        ),
      ],
      { clock },
    )
    const both = [node.gate.check(REQUEST), node.gate.check(REQUEST)]
    await settle()
    await clock.advance(10_000)
    await Promise.all(both)
    holds[0]?.release()
    await settle()
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: false, by: 'stuck' })
    holds[1]?.release()
    await settle()
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: true })
  })

  it('[K-05] a snapshot does not wait for a tap that hangs longer than its limit', async () => {
    const clock = new FakeClock()
    const hooks = createHooks(clock, createLogger('silent'), new MetricsRegistry())
    hooks.portsOf('stuck').beforeSnapshotWrite.tap(() => new Promise(() => undefined))
    const announced = hooks.beforeSnapshotWrite.announce(INTENT)
    await clock.advance(60_000)
    await announced
    expect(hooks.beforeSnapshotWrite.taps[0]?.hangingFor).toBe(60_000)
  })

  it('[K-05] time limits take one timer together, however many calls there are', async () => {
    const clock = new CountingClock()
    const { node } = await hookNode(
      ['a', 'b', 'c'].map((id) => tapper(id, 'gate', async () => undefined)),
      { clock },
    )
    const before = clock.taken
    for (let i = 0; i < 100; i++) await node.gate.check(REQUEST)
    await Promise.all(Array.from({ length: 100 }, () => node.gate.check(REQUEST)))
    expect(clock.taken - before).toBe(1)
  })

  it('[K-05] the signal is aborted at the limit, with the reason', async () => {
    const clock = new FakeClock()
    const signals: AbortSignal[] = []
    const { node } = await hookNode(
      [
        plugin('stuck', ({ hooks }) =>
          hooks.gate.tap(async (_request, { signal }) => {
            signals.push(signal)
            await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
            return undefined
          }),
        ),
      ],
      { clock },
    )
    const first = node.gate.check(REQUEST)
    await settle()
    await clock.advance(10_000)
    await first
    expect(signals[0]?.reason).toMatchObject({
      code: 'HF_TAP_FAILED',
      context: { hook: 'gate', plugin: 'stuck' },
    })
    // It obeyed, so it hangs no more.
    expect(node.hooks.status().taps[0]).not.toHaveProperty('hangingSince')
  })

  it('[K-05] a signal that is asked for late knows what has happened', async () => {
    const clock = new FakeClock()
    const { promise, release } = held()
    let late: AbortSignal | undefined
    const { node } = await hookNode(
      [
        plugin('late', ({ hooks }) =>
          hooks.gate.tap(async (_request, context) => {
            await promise
            late = context.signal
            return undefined
          }),
        ),
      ],
      { clock },
    )
    const first = node.gate.check(REQUEST)
    await settle()
    await clock.advance(10_000)
    await first
    release()
    await settle()
    expect(late?.aborted).toBe(true)
  })

  it('[K-05] the caller’s signal reaches the tap, and keeps no listener of a call that has ended', async () => {
    const heard: boolean[] = []
    const { node } = await hookNode([
      plugin('a', ({ hooks }) =>
        hooks.gate.tap(async (_request, { signal }) => {
          heard.push(signal.aborted)
          return undefined
        }),
      ),
    ])
    const caller = new AbortController()
    for (let i = 0; i < 3; i++) await node.gate.check(REQUEST, { signal: caller.signal })
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
    caller.abort()
    await node.gate.check(REQUEST, { signal: caller.signal })
    expect(heard).toEqual([false, false, false, true])
  })

  it('[K-05] every call is measured once, by hook and plugin', async () => {
    const clock = new FakeClock()
    const { promise, release } = held()
    const { node, batches } = await hookNode(
      [
        tapper('denies', 'gate', async () => ({ deny: 'no' })),
        tapper('throws', 'onManifestBatch', WRONG[0]![1]),
        tapper('hangs', 'onFileDeleted', () => promise),
      ],
      { clock },
    )
    await node.gate.check(REQUEST)
    batches.append(['a'], ['f'])
    await settle()
    await clock.advance(60_000)
    release()
    await settle()
    const [seconds] = node.metrics.snapshot().filter(({ name }) => name === 'holdfast_hook_seconds')
    const measured = seconds?.series.map(
      ({ labels, value, count }): Record<string, unknown> => ({
        ...labels,
        value,
        count,
      }),
    )
    expect(measured).toContainEqual({ hook: 'gate', plugin: 'denies', result: 'ok', value: 0, count: 1 })
    expect(measured).toContainEqual(
      expect.objectContaining({ hook: 'onManifestBatch', plugin: 'throws', result: 'failed' }),
    )
    expect(measured?.filter((series) => series.plugin === 'hangs')).toEqual([
      { hook: 'onFileDeleted', plugin: 'hangs', result: 'failed', value: 60, count: 1 },
    ])
  })

  it('[K-06] whatever way a tap takes to a hook, it is wrapped or refused', () => {
    const clock = new FakeClock()
    const seal = { sealed: false }
    const hook = new AsyncSeriesHook<HookArguments<string>, { timeLimit?: number }>(['event', 'options'])
    const rule = { hook: 'onManifestBatch', timeLimit: 1, accept: acceptNothing } as const
    const parts = {
      clock,
      watchdog: new Watchdog(clock),
      seconds: hookSeconds(new MetricsRegistry()),
      secrets: new Secrets(),
    }
    const guarded = guardHook<string, void>(hook, rule, seal, parts)
    expect(() => hook.tap('a', () => undefined)).toThrow(/promise taps only, not sync \(a\)/)
    expect(() => hook.tapAsync('a', () => undefined)).toThrow(/promise taps only, not async \(a\)/)
    hook.tapPromise('a', async () => undefined)
    expect(guarded.taps.map((tap) => tap.plugin)).toEqual(['a'])
    seal.sealed = true
    expect(() => hook.tapPromise('b', async () => undefined)).toThrow(
      expect.objectContaining({ code: 'HF_HOOKS_SEALED' }),
    )
  })

  it.each([...DURABLE, 'gate', 'beforeSnapshotWrite', 'inspectFile'] as const)(
    '[K-16] %s cannot be called, intercepted, or changed by a plugin, nor tapped after its setup',
    (name) => {
      let port: object = {}
      let frozen = false
      const curious = plugin('curious', ({ hooks }) => {
        port = hooks[name]
        frozen = Object.isFrozen(hooks) && Object.isFrozen(port)
      })
      createNode({ plugins: [curious], id: 'n', log: 'silent' })
      expect(Object.keys(port)).toEqual(['tap'])
      expect(frozen).toBe(true)
      const tap = (port as HookPort<unknown, Denial | undefined>).tap
      expect(() => tap(async () => undefined)).toThrow(expect.objectContaining({ code: 'HF_HOOKS_SEALED' }))
    },
  )

  it('[K-16] a tap bears its plugin’s id, and can bring no other name', async () => {
    const { node } = await hookNode([
      plugin('honest', ({ hooks }) => {
        const deny = async () => ({ deny: 'no', by: 'other' }) as Denial
        expect(() => hooks.gate.tap({ name: 'other' } as object, deny)).toThrow(/"name", which is unknown/)
        hooks.gate.tap(deny)
      }),
    ])
    expect(await node.gate.check(REQUEST)).toMatchObject({ by: 'honest' })
  })

  it.each(DURABLE)('[K-16] %s is tapped once by a plugin: its cursor is the plugin’s', (name) => {
    const twice = plugin('twice', ({ hooks }) => {
      for (let i = 0; i < 2; i++) (hooks[name] as HookPort<unknown, void>).tap(async () => undefined)
    })
    expect(() => createNode({ plugins: [twice], log: 'silent' })).toThrow(
      expect.objectContaining({ code: 'HF_OPTION_INVALID' }),
    )
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    '[K-16] a time limit of %s is refused',
    (timeLimit) => {
      const wrong = plugin('wrong', ({ hooks }) => hooks.gate.tap({ timeLimit }, async () => undefined))
      expect(() => createNode({ plugins: [wrong], log: 'silent' })).toThrow(
        expect.objectContaining({ code: 'HF_OPTION_INVALID' }),
      )
    },
  )
})
