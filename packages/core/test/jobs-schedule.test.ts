import { getEventListeners } from 'node:events'
import { createNode, definePlugin, type GateRequest, type PlannedJob, totalsOf } from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { endOf, items, jobPlugin, plugin, settle, startNode, tapper } from './support.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const T0 = Date.UTC(2026, 0, 1, 12)

const doAll: PlannedJob<unknown>['act'] = async (chunk) => ({ done: totalsOf(chunk), skipped: {} })

/** A node with a job that runs every day at three, and what became of it. */
async function scheduled(
  extra: Partial<PlannedJob<unknown>> = {},
  act: PlannedJob<unknown>['act'] = doAll,
  plugins: Parameters<typeof startNode>[0] = [],
) {
  const clock = new FakeClock(T0)
  const job = jobPlugin(act, items(10), { schedule: '0 3 * * *', ...extra })
  const node = await startNode([job, ...plugins], { clock })
  const audit: string[] = []
  node.audit.on(({ audit: name }) => audit.push(name))
  return {
    node,
    clock,
    audit,
    /** Moves time on, and lets the runs that it has begun come to their end. */
    advance: async (ms: number) => {
      await clock.advance(ms)
      await settle()
    },
    starts: async () => (await node.jobs.history('sweep')).map(({ startedAt }) => startedAt).reverse(),
    status: async () => (await node.jobs.status())[0]!,
  }
}

describe('a schedule', () => {
  it('[A-02] runs the job at its times, by the clock of the node, as the schedule', async () => {
    const { node, advance, starts } = await scheduled()
    await using _ = node
    await advance(15 * HOUR - 1)
    expect(await starts()).toEqual([])
    await advance(1)
    expect(await starts()).toEqual([T0 + 15 * HOUR])
    await advance(2 * DAY)
    expect(await starts()).toEqual([T0 + 15 * HOUR, T0 + 39 * HOUR, T0 + 63 * HOUR])
    expect(await node.jobs.history('sweep')).toMatchObject(
      Array(3).fill({ actor: 'schedule', dryRun: false, done: { files: 10 } }),
    )
  })

  it('[A-02] is read in its time zone, over a change of summer time', async () => {
    const { node, clock, advance, starts } = await scheduled({ timeZone: 'Europe/Berlin' })
    await using _ = node
    await advance(15 * HOUR)
    expect(await starts()).toEqual([Date.UTC(2026, 0, 2, 2)])
    clock.setWall(Date.UTC(2026, 2, 28, 12))
    node.trustClock()
    await advance(3 * DAY)
    expect((await starts()).slice(-3)).toEqual([29, 30, 31].map((day) => Date.UTC(2026, 2, day, 1)))
  })

  it('[A-02] is delayed by the jitter: by less than it, always by the same, by another time on another node', async () => {
    const delays = new Set<number>()
    for (const id of ['a', 'b', 'c']) {
      const clock = new FakeClock(T0)
      await using node = await startNode(
        [jobPlugin(doAll, items(1), { schedule: '0 3 * * *', jitter: HOUR })],
        { clock, id },
      )
      await clock.advance(2 * DAY)
      const [second, first] = await node.jobs.history('sweep')
      expect(second!.startedAt - first!.startedAt).toBe(DAY)
      const delay = first!.startedAt - (T0 + 15 * HOUR)
      expect(delay).toBeGreaterThanOrEqual(0)
      expect(delay).toBeLessThan(HOUR)
      delays.add(delay)
    }
    expect(delays.size).toBe(3)
  })

  it('[A-02] follows wall time when it is set: what was jumped over is one run', async () => {
    const { node, clock, advance, starts } = await scheduled()
    await using _ = node
    clock.setWall(T0 + 10 * DAY)
    node.trustClock()
    await advance(MINUTE)
    expect(await starts()).toEqual([T0 + 10 * DAY + MINUTE])
    clock.setWall(T0 - 10 * DAY)
    node.trustClock()
    await advance(15 * HOUR)
    expect((await starts()).length).toBe(2)
  })

  it('[A-02] asks for what the job says a tick asks for', async () => {
    const { node, advance, audit } = await scheduled({ onTick: { act: false } })
    await using _ = node
    await advance(DAY)
    expect(await node.jobs.history('sweep')).toMatchObject([{ dryRun: true, actor: 'schedule' }])
    expect(audit).toEqual(['run_started', 'run_completed'])
  })

  it('[G-02] a tick whose run is dry asks the gate for a dry run, and needs no role', async () => {
    const asked: GateRequest[] = []
    const roles = definePlugin({
      name: 'test-roles',
      id: 'roles',
      version: '1.0.0',
      api: '1.0',
      provides: ['roles'],
      setup: ({ provide }) =>
        provide('roles', () => ({ roleFor: () => ({ role: 'reader', epoch: 1, mayAct: false }) })),
    })
    const witness = tapper('witness', async (request) => void asked.push(request))
    const { node, advance } = await scheduled({ onTick: { act: false } }, doAll, [roles, witness])
    await using _ = node
    await advance(DAY)
    expect(await node.jobs.history('sweep')).toMatchObject([{ outcome: { status: 'completed' } }])
    expect(asked).toMatchObject([{ action: 'condemn', actor: 'schedule', dryRun: true }])
    expect(await node.gate.check({ action: 'condemn', actor: 'schedule' })).toMatchObject({ allowed: false })
  })

  it('[R-08] a tick that comes while the job runs is skipped with a warning, and no run', async () => {
    const release = Promise.withResolvers<void>()
    const { node, advance, audit, status } = await scheduled({}, async (chunk, context) => {
      await release.promise
      return doAll(chunk, context)
    })
    await using _ = node
    const run = node.jobs.run('sweep', { act: true })
    using ends = new DisposableStack()
    ends.defer(release.resolve)
    await advance(15 * HOUR)
    expect(audit).toEqual(['run_started', 'tick_skipped'])
    expect(await status()).toMatchObject({
      lastTick: { result: 'skipped', at: T0 + 15 * HOUR },
      running: { actor: 'user' },
    })
    release.resolve()
    await run
    expect(await node.jobs.history('sweep')).toHaveLength(1)
    await advance(DAY)
    expect(await node.jobs.history('sweep')).toHaveLength(2)
  })

  it('[R-08] a manual run is refused while the scheduled one is on its way', async () => {
    const release = Promise.withResolvers<void>()
    const { node, advance } = await scheduled({}, async (chunk, context) => {
      await release.promise
      return doAll(chunk, context)
    })
    await using _ = node
    await advance(15 * HOUR)
    const manual = endOf(node.jobs.run('sweep', { act: true }))
    release.resolve()
    expect(await manual).toBe('HF_ALREADY_RUNNING')
    await settle()
    expect((await node.jobs.run('sweep', { act: true })).actor).toBe('user')
  })

  it('[G-01] the gate is asked at every tick: a denied one leaves no run, and a flip takes effect at the next', async () => {
    let open = false
    const door = tapper('door', async () => (open ? undefined : { deny: 'closed', reason: 'not_authorised' }))
    const { node, advance, audit, status } = await scheduled({}, doAll, [door])
    await using _ = node
    await advance(15 * HOUR)
    expect(await node.jobs.history('sweep')).toEqual([])
    expect(audit).toEqual(['tick_denied'])
    expect(await status()).toMatchObject({
      lastTick: { result: 'denied', message: expect.stringContaining('closed') },
    })
    open = true
    await advance(DAY)
    expect(await node.jobs.history('sweep')).toHaveLength(1)
    open = false
    await advance(DAY)
    expect(await node.jobs.history('sweep')).toHaveLength(1)
    expect(audit.filter((name) => name === 'tick_denied')).toHaveLength(2)
  })

  it('[G-02] a tick that only reports obeys the gate too; a dry run that somebody asks for does not', async () => {
    const door = tapper('door', async () => ({ deny: 'closed' }))
    const { node, advance } = await scheduled({ onTick: { act: false } }, doAll, [door])
    await using _ = node
    await advance(DAY)
    expect(await node.jobs.history('sweep')).toEqual([])
    expect((await node.jobs.run('sweep', {})).outcome.status).toBe('completed')
  })

  it('[K-04] stop ends the ticking and waits for a run of the schedule', async () => {
    const acting = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const { node, clock, audit } = await scheduled({}, async (chunk, context) => {
      acting.resolve()
      await release.promise
      return doAll(chunk, context)
    })
    void clock.advance(15 * HOUR)
    await acting.promise
    const stopped = node.stop()
    release.resolve()
    await stopped
    expect(audit.at(-1)).toBe('run_completed')
    expect(clock.timers).toBe(0)
  })

  it.each([
    ['a text that is no cron', { schedule: 'at noon' }],
    ['a date', { schedule: '2026-01-01T00:00:00' }],
    ['an unknown time zone', { timeZone: 'Mars/Olympus' }],
    ['a time limit of nothing', { timeout: 0 }],
    ['a time limit that no timer can wait for', { timeout: 2 ** 31 }],
    ['a name with a blank', { name: 'sweep it' }],
    ['a limit below nothing', { limits: { files: -1 } }],
    ['neither plan nor run', { plan: undefined as never }],
    ['a schedule that never comes', { schedule: '0 0 30 2 *' }],
    ['a schedule that is no text', { schedule: 5 as never }],
    ['a time zone that is no text', { timeZone: 1 as never }],
    ['a jitter without end', { jitter: Number.POSITIVE_INFINITY }],
    ['a time limit as a text', { timeout: '5m' as never }],
    ['a plan that expires at NaN', { planExpiry: Number.NaN }],
    ['a plan that never expires', { planExpiry: Number.POSITIVE_INFINITY }],
    ['no action', { action: undefined as never }],
    ['an empty action', { action: '' as never }],
    ['a doc that is no text', { doc: 1 as never }],
    ['a tick that asks for nothing', { onTick: null as never }],
    ['a check that is no function', { check: 'yes' as never }],
  ])('[K-01] %s is refused while the node is assembled', (_what, extra) => {
    expect(() => createNode({ plugins: [jobPlugin(doAll, [], extra)], log: 'silent' })).toThrow(
      expect.objectContaining({ code: 'HF_ASSEMBLY_INVALID' }),
    )
  })
})

describe('the signal of a caller', () => {
  it('[R-10] holds nothing of a run that has ended', async () => {
    const { signal } = new AbortController()
    await using node = await startNode([jobPlugin(doAll, items(1))])
    await node.jobs.run('sweep', { act: true }, { signal })
    await node.jobs.plan('sweep', {}, { signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('a time limit', () => {
  it('[R-10] ends the run between chunks with timed_out and its counts', async () => {
    const clock = new FakeClock()
    let begun = 0
    const act: PlannedJob<unknown>['act'] = async (chunk, context) => {
      if (++begun === 2) await clock.advance(1000)
      return doAll(chunk, context)
    }
    await using node = await startNode([jobPlugin(act, items(3000), { timeout: 1000 })], { clock })
    expect(await node.jobs.run('sweep', { act: true })).toMatchObject({
      outcome: { status: 'aborted', reason: 'timed_out', code: 'HF_RUN_TIMED_OUT' },
      done: { files: 2000 },
    })
    expect(clock.timers).toBe(0)
    begun = 2
    expect((await node.jobs.run('sweep', { act: true })).outcome.status).toBe('completed')
  })

  it('[K-01] a definition that is changed afterwards changes nothing', async () => {
    const job = {
      name: 'sweep',
      doc: 'A job of a test.',
      action: 'condemn' as const,
      limits: { files: 1 },
      things: items(2),
      async *plan() {
        yield this.things
      },
      act: doAll,
    }
    await using node = await startNode([plugin('mine', ({ jobs }) => jobs.define(job))])
    Object.assign(job, { name: 'other', action: 'erase', plan: undefined })
    Object.assign(job.limits, { files: 'off' })
    expect((await node.jobs.status()).map((status) => status.job)).toEqual(['sweep'])
    expect((await node.jobs.plan('sweep')).overLimit).toMatchObject([{ limit: 'files', planned: 2 }])
  })

  it('[K-01] a job that another plugin has defined is refused, by both names', () => {
    const other = plugin('other', ({ jobs }) =>
      jobs.define({ name: 'sweep', doc: '', action: 'erase', run: async () => undefined }),
    )
    expect(() => createNode({ plugins: [jobPlugin(doAll), other], log: 'silent' })).toThrow(
      /test-other: .*the job sweep, which plugin sweeper has defined/,
    )
  })
})
