import { createNode, definePlugin } from '@holdfast/core'
import { type RetentionOptions, retention } from '@holdfast/plugin-retention'
import { describe, expect, it } from 'vitest'
import { DAY, NOW, RAW, register, testNode } from './support.ts'

const EXPIRED = NOW - 91 * DAY
const HOUR = 3_600_000

describe('retention as a job', () => {
  it('[A-02] runs by its schedule when it has one, and by itself never', async () => {
    const test = await testNode({ schedule: '0 3 * * *', eraseDelay: '1h' })
    await test.write('a/1', EXPIRED)
    expect(await test.node.jobs.status()).toMatchObject([
      { job: 'retention', enabled: true, nextRunAt: NOW + 3 * HOUR, verdict: { allowed: true } },
      { job: 'retention-inspect', enabled: false },
    ])
    await test.clock.advance(3 * HOUR)
    await expect.poll(() => test.node.jobs.running().length).toBe(0)
    expect(test.listed()).toEqual([])
    expect(await test.node.jobs.history('retention')).toMatchObject([
      { actor: 'schedule', done: { files: 1 } },
    ])

    const idle = await testNode()
    await idle.write('a/1', EXPIRED)
    await idle.clock.advance(2 * DAY)
    expect(idle.listed()).toEqual(['a/1'])
    expect(await idle.node.jobs.status()).toMatchObject([{ enabled: false }, { enabled: false }])
  })

  it('[C-23] a bound plan takes what it lists and skips what was changed since', async () => {
    const test = await testNode({ eraseDelay: '1h' })
    await test.write('a/1', EXPIRED)
    await test.write('a/2', EXPIRED)
    const plan = await test.node.jobs.plan('retention')
    await test.write('a/3', EXPIRED)
    await test.node.files.delete('a/1')
    await test.node.files.undo('a/1')
    const run = await test.node.jobs.run('retention', { plan: plan.id, act: true })
    expect(run).toMatchObject({ done: { files: 1 }, skipped: { changed: 1 }, planned: { files: 2 } })
    expect(test.listed()).toEqual(['a/1', 'a/3'])
  })

  it('[C-07] a cap is how much one run condemns; the next goes on, also with the same plan', async () => {
    const test = await testNode({ eraseDelay: '1h' })
    await register(test, 7, EXPIRED)
    expect(await test.node.jobs.run('retention', { act: true, cap: 3 })).toMatchObject({
      done: { files: 3 },
      capHit: true,
      outcome: { status: 'completed' },
    })
    const { id } = await test.node.jobs.plan('retention')
    expect(await test.node.jobs.run('retention', { plan: id, act: true, cap: 3 })).toMatchObject({
      done: { files: 3 },
      capHit: true,
    })
    expect(await test.node.jobs.run('retention', { plan: id, act: true, cap: 3 })).toMatchObject({
      done: { files: 1 },
      skipped: { changed: 3 },
      capHit: false,
    })
    expect(test.listed()).toEqual([])
  })

  it.each<[keyof RetentionOptions, RetentionOptions]>([
    ['maxFiles', { maxFiles: 99 }],
    ['maxBytes', { maxBytes: 999 }],
    ['maxShare', { maxShare: '49%' }],
    ['emptiness', { emptiness: 'refuse' }],
  ])('[R-17] over %s nothing is changed; the plan with an override is the way', async (_name, limit) => {
    const test = await testNode({ ...limit, eraseDelay: '1h' })
    await register(test, 100, EXPIRED, 'a')
    await register(test, 200, NOW, 'b')
    const before = test.manifest.head()
    const refused = await test.node.jobs.run('retention', { act: true })
    expect(refused).toMatchObject({
      outcome: { status: 'aborted', reason: 'over_limit' },
      overLimit: [{ planned: expect.any(Number), allowed: expect.any(Number) }],
    })
    expect(test.manifest.head()).toEqual(before)
    const override = refused.overLimit.map(({ limit: name }) => name)
    const run = await test.node.jobs.run('retention', { plan: refused.plan!, override, act: true })
    expect(run.done.files).toBe(100)
  })

  it('[R-17] a plan that was made earlier is judged by what there is when it is run', async () => {
    const limits = { emptiness: 'refuse', maxShare: '50%', eraseDelay: '1h' } as const
    const test = await testNode(limits)
    await register(test, 101, EXPIRED, 'a')
    await register(test, 110, NOW, 'a-new')
    for (let file = 0; file < 2; file++) await test.write(`b/old-${file}`, EXPIRED, { namespace: 'b' })
    await test.write('b/new', NOW, { namespace: 'b' })
    const over = async (options: object) =>
      (await test.node.jobs.run('retention', options)).overLimit.map(({ limit }) => limit)
    const whole = await test.node.jobs.plan('retention')
    expect(whole.overLimit.map(({ limit, namespace }) => [limit, namespace])).toEqual([
      ['share', 'a'],
      ['emptiness', 'a'],
    ])
    await test.manifest.holds.hold({ scope: { namespace: 'a' }, owner: 'ada', id: 'a' })
    const plan = await test.node.jobs.plan('retention')
    expect([plan.totals.files, plan.overLimit]).toEqual([2, []])
    await test.node.files.delete('b/new')
    const before = test.manifest.head()
    expect(await over({ plan: plan.id, act: true })).toEqual(['emptiness'])
    expect(test.manifest.head()).toEqual(before)
    // What it was over when it was made, it is over still: somebody has to say that it may be.
    await test.manifest.holds.release('a')
    await register(test, 1000, NOW, 'a')
    expect(await over({ plan: whole.id, act: true })).toEqual(['emptiness', 'share'])
    const run = await test.node.jobs.run('retention', { plan: plan.id, override: ['emptiness'], act: true })
    expect(run).toMatchObject({ outcome: { status: 'completed' }, done: { files: 2 } })
  })

  it('[R-17] a plan that was made earlier is judged by the limits that there are when it is run', async () => {
    const test = await testNode({ eraseDelay: '1h' })
    await register(test, 7, EXPIRED)
    const { id } = await test.node.jobs.plan('retention')
    const stricter = await test.restart({ maxFiles: 4 })
    const refused = await stricter.node.jobs.run('retention', { plan: id, act: true })
    expect(refused).toMatchObject({
      overLimit: [{ limit: 'files', planned: 7, allowed: 4 }],
      done: { files: 0 },
    })
    const some = await stricter.node.jobs.run('retention', {
      plan: id,
      act: true,
      cap: 3,
      override: ['files'],
    })
    expect(some.done.files).toBe(3)
    // Of what is left of it, no more than may go would go.
    const rest = await stricter.node.jobs.run('retention', { plan: id, act: true })
    expect(rest).toMatchObject({ outcome: { status: 'completed' }, done: { files: 4 }, overLimit: [] })
  })

  it('[R-17] at the limit a run goes ahead', async () => {
    const limits = { maxFiles: 100, maxBytes: '1KiB', maxShare: 0.5 }
    const test = await testNode({ ...limits, emptiness: 'refuse', eraseDelay: '1h' })
    for (let file = 0; file < 100; file++) {
      await test.write(`a/old-${file}`, EXPIRED, { namespace: 'a' })
      await test.write(`a/new-${file}`, NOW, { namespace: 'a' })
    }
    expect(await test.node.jobs.run('retention', { act: true })).toMatchObject({
      outcome: { status: 'completed' },
      done: { files: 100 },
    })
  })

  it('[R-10] its time limit is configuration', async () => {
    let late = async () => undefined as undefined
    const slow = definePlugin({
      name: 'test-slow',
      id: 'slow',
      version: '1.0.0',
      api: '1.0',
      setup: ({ hooks }) => hooks.gate.tap(async ({ chunk }) => (chunk === 1 ? late() : undefined)),
    })
    const test = await testNode({ timeout: '5s', eraseDelay: '1h' }, [slow])
    late = async () => void (await test.clock.advance(5000)) as undefined
    await register(test, 1500, EXPIRED)
    const run = await test.node.jobs.run('retention', { act: true })
    expect(run).toMatchObject({ outcome: { reason: 'timed_out' }, done: { files: 1000 } })
  })

  it.each([
    { schedule: 'at noon' },
    { schedule: '0 0 31 2 *' },
    { schedule: '0 3 * *' },
    { schedule: '60 3 * * *' },
    { schedule: '0 25 * * *' },
    { inspectSchedule: 'at noon' },
    { timeZone: 'Mars' },
    { maxShare: 1.1 },
    { maxShare: '20' },
    { maxFiles: -1 },
    { timeout: 0 },
    { jitter: '2d' },
    { emptiness: 'maybe' as 'off' },
  ])('[R-12] %o is refused before anything opens', (option) => {
    expect(() => createNode({ plugins: [retention({ policies: [RAW], ...option })], log: 'silent' })).toThrow(
      expect.objectContaining({ message: expect.stringContaining(Object.keys(option)[0]!) }),
    )
  })

  it.each([
    ['daily', '0 3 * * *', 3 * HOUR],
    ['hourly at five past', '5 * * * *', 5 * 60_000],
    ['every six hours', '0 */6 * * *', 6 * HOUR],
    ['weekly', '0 3 * * 0', 6 * DAY + 3 * HOUR],
    ['monthly', '0 3 1 * *', 3 * HOUR],
  ])(
    '[A-02] a schedule %s is kept as it was given, and says when its next run is',
    async (_when, schedule, after) => {
      const test = await testNode({ schedule })
      expect((await test.node.jobs.status())[0]).toMatchObject({ schedule, nextRunAt: NOW + after })
    },
  )

  it('[R-14] where nothing is due, a run does nothing and is completed', async () => {
    const test = await testNode()
    expect(await test.node.jobs.run('retention', { act: true })).toMatchObject({
      outcome: { status: 'completed' },
      done: { files: 0, bytes: 0, rows: 0 },
      chunks: 0,
    })
  })

  it('[R-17] unset, zero and off are three things', async () => {
    const zero = await testNode({ maxFiles: 0 })
    await zero.write('a/1', EXPIRED)
    expect((await zero.node.jobs.plan('retention')).overLimit).toMatchObject([{ limit: 'files', allowed: 0 }])
    const off = await testNode({ maxFiles: 'off', schedule: 'off' })
    await off.write('a/1', EXPIRED)
    expect((await off.node.jobs.plan('retention')).overLimit).toEqual([])
  })
})
