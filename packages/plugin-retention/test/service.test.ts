import { definePlugin, type HoldfastNode } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { type PolicyOptions, retention } from '@holdfast/plugin-retention'
import { memoryCluster } from '@holdfast/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DAY, NOW, RAW, register, testNode } from './support.ts'

const OLD = NOW - 100 * DAY
const HOUR = 3_600_000
const SHORT: PolicyOptions = { id: 'short', match: 'logs/**', maxAge: '1d', minAge: 0 }
const retentionOf = (node: HoldfastNode) => node.service('retention')
const ids = (node: HoldfastNode) =>
  retentionOf(node)
    .list()
    .map(({ policy }) => policy.id)

describe('policies in the settings', () => {
  it('[R-22] what is declared stands in the settings after the start, and is not changed by calls', async () => {
    const { node, manifest: authority } = await testNode()
    expect(authority.setting('retention/policy/raw')?.value).toMatchObject({ declared: true })
    expect(retentionOf(node).list()).toMatchObject([
      { policy: { id: 'raw', maxAge: 90 * DAY }, source: 'declared', nodes: ['node-1'], shared: true },
    ])
    const before = authority.head()
    for (const call of [
      () => retentionOf(node).set({ ...RAW, maxAge: '1d' }),
      () => retentionOf(node).remove('raw'),
    ])
      await expect(call()).rejects.toMatchObject({
        code: 'HF_POLICY_DECLARED',
        context: { policy: 'raw', nodes: ['node-1'] },
      })
    expect(authority.head()).toEqual(before)
  })

  it('[R-22] a start with another configuration changes what is declared; one that declares it no more removes it', async () => {
    const first = await testNode()
    const second = await first.restart({ policies: [{ ...RAW, maxAge: '10d' }] })
    expect(retentionOf(second.node).list()).toMatchObject([{ policy: { maxAge: 10 * DAY }, shared: true }])
    const third = await second.restart({ policies: [] })
    expect(ids(third.node)).toEqual([])
    expect(third.manifest.settings({ prefix: 'retention/' }).items).toEqual([])
  })

  it('[R-22] a start with the same configuration writes nothing', async () => {
    const first = await testNode()
    const before = first.manifest.head().generation
    const second = await first.restart()
    expect(second.manifest.head().generation).toBe(before)
  })

  it('[R-19] run-time policies survive a restart, and act like the others', async () => {
    const first = await testNode({ eraseDelay: '1h' })
    await first.write('logs/a', NOW - 2 * DAY)
    await retentionOf(first.node).set({ ...SHORT, overrides: ['raw'] })
    const second = await first.restart()
    expect(ids(second.node)).toEqual(['raw', 'short'])
    expect((await second.node.jobs.run('retention', { act: true })).done.files).toBe(1)
    expect(await retentionOf(second.node).remove('short')).toBe(true)
    expect(await retentionOf(second.node).remove('short')).toBe(false)
    expect(ids(second.node)).toEqual(['raw'])
  })

  it('[R-19] holds and the history of runs survive a restart', async () => {
    const first = await testNode({ eraseDelay: '1h' })
    await first.write('a/1', OLD)
    await first.manifest.holds.hold({ id: 'legal', scope: { folder: 'a' }, owner: 'law' })
    const run = await first.node.jobs.run('retention', { act: true })
    const second = await first.restart()
    expect(second.manifest.holds.list()).toMatchObject([{ id: 'legal', owner: 'law' }])
    expect(await second.node.jobs.history('retention')).toMatchObject([{ id: run.id, kept: { held: 1 } }])
    expect((await second.node.jobs.run('retention', { act: true })).done.files).toBe(0)
  })

  it('[R-12] a policy that cannot be is refused with every problem, and nothing is changed', async () => {
    const { node, manifest: authority } = await testNode()
    const before = authority.head()
    await expect(
      retentionOf(node).set({ id: 'x', match: '', maxAge: '-1d', overrides: ['nobody'] }),
    ).rejects.toMatchObject({ code: 'HF_POLICY_INVALID', context: { problems: { length: 2 } } })
    await expect(retentionOf(node).set({ ...SHORT, overrides: ['nobody'] })).rejects.toMatchObject({
      code: 'HF_POLICY_INVALID',
    })
    expect(authority.head()).toEqual(before)
  })

  it('[R-21] a policy that somebody sets acts only when a run is told to act', async () => {
    const { node, write, listed } = await testNode({ policies: [] })
    await write('logs/a', OLD)
    await retentionOf(node).set(SHORT)
    expect(await node.jobs.run('retention', {})).toMatchObject({ dryRun: true, planned: { files: 1 } })
    expect(listed()).toEqual(['logs/a'])
  })

  it('[R-21] unknown and inactive run-time policies are refused by name', async () => {
    const { node } = await testNode()
    await retentionOf(node).set({ ...SHORT, active: false })
    for (const policies of [['short'], ['nobody']])
      await expect(node.jobs.run('retention', { policies, act: true })).rejects.toMatchObject({
        code: 'HF_REQUEST_INVALID',
      })
  })

  it('[R-12] a policy that is set while a run goes on protects from the next chunk on', async () => {
    let protect = async () => undefined as unknown
    const tap = definePlugin({
      name: 'test-protector',
      id: 'protector',
      version: '1.0.0',
      api: '1.0',
      setup: ({ hooks }) =>
        hooks.gate.tap(async ({ chunk }) => {
          if (chunk === 1) await protect()
          return undefined
        }),
    })
    const test = await testNode({ eraseDelay: '1h' }, [tap])
    await register(test, 1500, OLD)
    protect = () => retentionOf(test.node).set({ id: 'keep', match: 'bulk/**', maxAge: '3650d' })
    expect(await test.node.jobs.run('retention', { act: true })).toMatchObject({
      done: { files: 1000 },
      skipped: { 'kept by a policy': 500 },
      outcome: { status: 'completed' },
    })
    expect(test.manifest.namespaces().items).toMatchObject([{ files: 500 }])
  })

  it('[R-13] a policy of the settings that cannot be read is set anew, or removed, like any other', async () => {
    const test = await testNode()
    await test.write('a/1', OLD)
    await test.manifest.commit({
      ops: [{ type: 'set', name: 'retention/policy/future', value: { policy: { id: 'future', moon: 1 } } }],
    })
    expect((await test.node.jobs.run('retention', { act: true })).done.files).toBe(0)
    await retentionOf(test.node).set({ ...SHORT, id: 'future' })
    expect(ids(test.node)).toEqual(['future', 'raw'])
    expect(await retentionOf(test.node).remove('future')).toBe(true)
    expect((await test.node.jobs.run('retention', { act: true })).done.files).toBe(1)
  })

  it('[R-12] a policy that overrides one that was removed does not stand in the way of others', async () => {
    const { node } = await testNode()
    await retentionOf(node).set(SHORT)
    await retentionOf(node).set({ ...SHORT, id: 'drafts', overrides: ['short'] })
    await retentionOf(node).remove('short')
    await retentionOf(node).set({ ...SHORT, id: 'other' })
    expect(ids(node)).toEqual(['drafts', 'other', 'raw'])
    await expect(retentionOf(node).set({ ...SHORT, id: 'last', overrides: ['short'] })).rejects.toMatchObject(
      {
        code: 'HF_POLICY_INVALID',
      },
    )
    await expect(retentionOf(node).set({ ...SHORT, overrides: ['drafts'] })).rejects.toMatchObject({
      code: 'HF_POLICY_INVALID',
    })
  })

  it('[R-22] setting and removing are audited', async () => {
    const { node } = await testNode()
    const heard: unknown[] = []
    using _listening = node.audit.on((event) => heard.push(event))
    await retentionOf(node).set(SHORT)
    await retentionOf(node).remove('short')
    expect(heard).toMatchObject([
      { audit: 'policy_set', policy: 'short', to: { maxAge: DAY } },
      { audit: 'policy_removed', policy: 'short' },
    ])
  })
})

describe('policies on nodes that share a log', () => {
  async function cluster(policiesOf: (id: string) => readonly PolicyOptions[]) {
    const made = await memoryCluster({
      now: NOW,
      plugins: ({ id, dataDir }) => [
        manifest({ dataDir }),
        retention({ policies: policiesOf(id), eraseDelay: 0 }),
      ],
    })
    onTestFinished(() => made[Symbol.asyncDispose]())
    const [one, two, three] = made.nodes
    const beat = async () => {
      for (const node of made.nodes) if (node.running) await node.clock.advance(60_000)
      await made.settle()
    }
    return { cluster: made, one: one!, two: two!, three: three!, beat }
  }

  it('[R-22] the node that may condemn commits what it declares; every node has it then', async () => {
    const { cluster: made, one, two, three, beat } = await cluster((id) => (id === 'node-2' ? [RAW] : []))
    await beat()
    expect(ids(two.node)).toEqual(['raw'])
    await made.appoint('primary', two)
    await made.settle()
    await beat()
    for (const { node } of [one, two, three])
      expect(retentionOf(node).list()).toMatchObject([{ policy: { id: 'raw' }, shared: true }])
    await expect(retentionOf(one.node).remove('raw')).rejects.toMatchObject({ code: 'HF_POLICY_DECLARED' })
  })

  it('[R-22] nodes that declare different policies under one id: the job refuses everywhere, until they agree', async () => {
    let ofTwo = '10d'
    const {
      cluster: made,
      one,
      two,
      beat,
    } = await cluster((id) => [id === 'node-2' ? { ...RAW, maxAge: ofTwo } : RAW])
    await made.appoint('primary', one)
    await made.settle()
    await one.node.files.write('a', 'a', { maxTime: OLD })
    await made.settle()
    await beat()
    for (const { node } of made.nodes) {
      await expect(node.jobs.run('retention', { act: true })).rejects.toMatchObject({
        code: 'HF_POLICY_CONFLICT',
        context: { policies: ['raw'] },
      })
      expect(() => retentionOf(node).list()).toThrow(expect.objectContaining({ code: 'HF_POLICY_CONFLICT' }))
    }
    expect(await one.node.files.stat('a')).toBeDefined()
    ofTwo = '90d'
    await two.stop()
    await two.start()
    await beat()
    expect((await one.node.jobs.run('retention', { act: true })).done.files).toBe(1)
  })

  it('[R-22] a policy that one node alone declares makes the job refuse on the others, until they know it', async () => {
    let ofThree: readonly PolicyOptions[] = []
    const { cluster: made, one, three, beat } = await cluster((id) => (id === 'node-3' ? ofThree : [RAW]))
    await made.appoint('primary', one)
    await made.settle()
    await one.node.files.write('a', 'a', { maxTime: OLD })
    ofThree = [RAW, { ...RAW, id: 'law', maxAge: '1000d' }]
    await three.stop()
    await three.start()
    await beat()
    await expect(one.node.jobs.run('retention', { act: true })).rejects.toMatchObject({
      code: 'HF_POLICY_CONFLICT',
      message: expect.stringContaining('not at all elsewhere'),
      context: { policies: ['law'], nodes: ['node-3'] },
    })
    await made.appoint('primary', three)
    await made.settle()
    await beat()
    await beat()
    await made.appoint('primary', one)
    await made.settle()
    expect(await one.node.jobs.run('retention', { act: true })).toMatchObject({
      done: { files: 0 },
      outcome: { status: 'completed' },
    })
    expect(ids(one.node)).toEqual(['law', 'raw'])
  })

  it('[R-22] a plan from before the conflict takes nothing either', async () => {
    let ofThree: readonly PolicyOptions[] = [RAW]
    const { cluster: made, one, three, beat } = await cluster((id) => (id === 'node-3' ? ofThree : [RAW]))
    await made.appoint('primary', one)
    await made.settle()
    await beat()
    await one.node.files.write('a', 'a', { maxTime: OLD })
    const { id } = await one.node.jobs.plan('retention')
    ofThree = [{ ...RAW, maxAge: '1000d' }]
    await three.stop()
    await three.start()
    await beat()
    expect(await one.node.jobs.run('retention', { plan: id, act: true })).toMatchObject({
      done: { files: 0 },
      outcome: { status: 'aborted', code: 'HF_POLICY_CONFLICT' },
    })
    expect(await one.node.files.stat('a')).toBeDefined()
  })

  it('[R-22] a run-time policy that another node declares differently makes the job refuse, until that node acts', async () => {
    let ofThree: readonly PolicyOptions[] = []
    const { cluster: made, one, three, beat } = await cluster((id) => (id === 'node-3' ? ofThree : []))
    await made.appoint('primary', one)
    await made.settle()
    await retentionOf(one.node).set(RAW)
    await one.node.files.write('a', 'a', { maxTime: OLD })
    ofThree = [{ ...RAW, maxAge: '1000d' }]
    await three.stop()
    await three.start()
    await beat()
    await expect(one.node.jobs.run('retention', { act: true })).rejects.toMatchObject({
      code: 'HF_POLICY_CONFLICT',
      context: { policies: ['raw'], nodes: ['node-3'] },
    })
    await made.appoint('primary', three)
    await made.settle()
    await beat()
    await beat()
    expect(retentionOf(one.node).list()).toMatchObject([
      { policy: { maxAge: 1000 * DAY }, source: 'declared' },
    ])
    expect((await three.node.jobs.run('retention', { act: true })).done.files).toBe(0)
  })

  it('[R-22] what nobody declares any more goes, once the last node has said so', async () => {
    let policies: readonly PolicyOptions[] = [RAW]
    const { cluster: made, one, two, three, beat } = await cluster(() => policies)
    await made.appoint('primary', one)
    await made.settle()
    await beat()
    policies = []
    for (const node of [one, two, three]) {
      expect(ids(one.node)).toEqual(['raw'])
      await node.stop()
      await node.start()
      await beat()
    }
    await beat()
    for (const { node } of made.nodes) expect(ids(node)).toEqual([])
    expect(one.node.service('manifest').settings({ prefix: 'retention/' }).items).toEqual([])
  })

  it('[R-22] what a node declared that never comes back can be forgotten', async () => {
    const {
      cluster: made,
      one,
      two,
      beat,
    } = await cluster((id) => [id === 'node-2' ? { ...RAW, maxAge: '1d' } : RAW])
    await made.appoint('primary', one)
    await made.settle()
    await beat()
    await two.stop()
    expect(() => retentionOf(one.node).list()).toThrow()
    expect(await retentionOf(one.node).forget('node-2')).toBe(true)
    expect(await retentionOf(one.node).forget('node-2')).toBe(false)
    expect(ids(one.node)).toEqual(['raw'])
  })

  it('[R-19] run-time policies and holds are the same on every node', async () => {
    const { cluster: made, one, two, three } = await cluster(() => [])
    await retentionOf(two.node).set(SHORT)
    await one.node.service('manifest').holds.hold({ id: 'h', scope: { folder: 'a' }, owner: 'law' })
    await made.settle()
    for (const { node } of [one, two, three]) {
      expect(retentionOf(node).list()).toMatchObject([{ policy: { id: 'short' }, source: 'run-time' }])
      expect(node.service('manifest').holds.list()).toMatchObject([{ id: 'h' }])
    }
  })
})

describe('explain', () => {
  it('[R-20] says of a live file what every policy says, and from when on it goes', async () => {
    const { node, write } = await testNode({
      policies: [
        { ...RAW, buffer: '1d' },
        { ...SHORT, minAge: '24h' },
        { id: 'long', match: 'logs/legal/**', maxAge: '3650d', overrides: ['short'] },
        { id: 'off', match: '**', maxAge: '1d', active: false },
      ],
      maxFiles: 7,
      schedule: '0 3 * * *',
    })
    await write('logs/a', NOW - 2 * DAY)
    expect(await retentionOf(node).explain('logs/a')).toMatchObject({
      path: 'logs/a',
      state: 'live',
      due: false,
      dueFrom: NOW - 2 * DAY + 91 * DAY + 1,
      policies: [
        { id: 'off', says: 'inactive' },
        { id: 'raw', says: 'keeps', because: 'not old enough', from: NOW + 89 * DAY + 1 },
        { id: 'short', says: 'keeps', because: 'younger than minAge', from: NOW + DAY },
      ],
      holds: [],
      limits: { files: 7 },
      schedule: '0 3 * * *',
      earlier: [],
    })
    await write('logs/legal/b', NOW - 2 * DAY)
    expect((await retentionOf(node).explain('logs/legal/b')).policies).toMatchObject([
      { id: 'long', says: 'keeps' },
      { id: 'off' },
      { id: 'raw', says: 'keeps' },
      { id: 'short', says: 'overridden', by: 'long' },
    ])
  })

  it('[R-20] the moment that it names is the first at which a run takes the file', async () => {
    const test = await testNode({ policies: [{ ...RAW, buffer: '1d', minAge: '24h' }] })
    await test.write('a', NOW - 10 * DAY)
    const { dueFrom } = await retentionOf(test.node).explain('a')
    for (const [at, files] of [
      [dueFrom! - 1, 0],
      [dueFrom!, 1],
    ] as const) {
      test.clock.setWall(at)
      expect((await test.node.jobs.plan('retention')).totals.files).toBe(files)
      expect((await retentionOf(test.node).explain('a')).due).toBe(files === 1)
    }
  })

  it('[R-20] says what a hold keeps, what is among the newest, and what is over maxBytes, as a plan does', async () => {
    const test = await testNode({
      policies: [{ id: 'size', match: '**', maxBytes: 5, minAge: 0, keepNewest: 1 }],
    })
    for (const [at, path] of ['a', 'b', 'c', 'd'].entries())
      await test.node.files.write(path, '012', { namespace: 'ns', maxTime: NOW + at })
    await test.manifest.holds.hold({ id: 'h', scope: { path: 'b' }, owner: 'law', expiresAt: NOW + HOUR })
    const explained = await Promise.all(
      ['a', 'b', 'c', 'd'].map((path) => retentionOf(test.node).explain(path)),
    )
    expect(explained.map(({ due }) => due)).toEqual([true, false, true, false])
    expect(explained[0]!.policies).toMatchObject([{ says: 'takes', because: 'over maxBytes' }])
    expect(explained[1]).toMatchObject({ holds: [{ id: 'h' }], dueFrom: NOW + HOUR })
    expect(explained[3]!.policies).toMatchObject([{ says: 'keeps', because: 'among the newest' }])
    const planned = await (await test.node.jobs.plan('retention')).all()
    expect(planned.map(({ path }) => path)).toEqual(['a', 'c'])
  })

  it('[R-20] says how far a file is on its way out', async () => {
    const test = await testNode({ eraseDelay: '1h' })
    const explain = async () => retentionOf(test.node).explain('dir/a.csv')
    expect(await explain()).toMatchObject({ state: 'unknown', due: false, policies: [] })
    await test.write('dir/a.csv', OLD)
    await test.write('dir/a.csv.gz', OLD)
    const { id } = await test.node.jobs.run('retention', { act: true, policies: ['raw'] })
    expect(await explain()).toMatchObject({
      state: 'condemned',
      earlier: [{ state: 'condemned', notBefore: NOW + HOUR, reason: 'retention:raw', run: id }],
    })
    await test.clock.advance(2 * HOUR)
    await test.node.eraser.drain()
    expect(await explain()).toMatchObject({ state: 'gone', earlier: [{ state: 'gone', as: 'plain' }] })
    await test.write('dir/a.csv', NOW)
    expect(await explain()).toMatchObject({ state: 'live', earlier: [{ state: 'gone' }] })
  })
})

describe('simulate', () => {
  it('[R-20] says by day and namespace what another maxAge would delete, beside what the policies delete', async () => {
    const test = await testNode()
    for (const [path, age] of [
      ['a/1', 100],
      ['a/2', 40],
      ['b/1', 40],
      ['b/2', 10],
    ] as const)
      await test.write(path, NOW - age * DAY, { namespace: path[0]!, rows: 2 })
    const before = test.manifest.contentDigest()
    const simulated = await retentionOf(test.node).simulate({ maxAge: '30d' })
    const one = { files: 1, bytes: 3, rows: 2 }
    const none = { files: 0, bytes: 0, rows: 0 }
    const dayOf = (age: number) => new Date(NOW - age * DAY).toISOString().slice(0, 10)
    expect(simulated).toEqual({
      current: one,
      simulated: { files: 3, bytes: 9, rows: 6 },
      days: [
        { namespace: 'a', day: dayOf(100), current: one, simulated: one },
        { namespace: 'a', day: dayOf(40), current: none, simulated: one },
        { namespace: 'b', day: dayOf(40), current: none, simulated: one },
      ],
      kept: {},
    })
    expect(test.manifest.contentDigest()).toBe(before)
    expect(await test.node.jobs.history('retention')).toEqual([])
  })

  it('[R-20] what it says is what a plan takes once it is so', async () => {
    const test = await testNode({ policies: [] })
    for (let age = 0; age < 20; age++) await test.write(`logs/${age}`, NOW - age * DAY, { namespace: 'l' })
    const policy = { ...SHORT, maxAge: '5d', keepNewest: 3 }
    const { simulated } = await retentionOf(test.node).simulate({ set: [policy] })
    await retentionOf(test.node).set(policy)
    expect((await test.node.jobs.plan('retention')).totals).toEqual(simulated)
    expect(simulated.files).toBe(14)
  })

  it('[R-20] refuses what cannot be, with every problem', async () => {
    const { node } = await testNode({ policies: [{ ...RAW, buffer: '2d' }] })
    for (const request of [
      { maxAge: 0 },
      { maxAge: '1d' },
      { policies: ['nobody'] },
      { maxage: '30d' },
      { asOf: Number.NaN },
      { set: [{ id: 'x', match: '**' }] },
    ])
      await expect(retentionOf(node).simulate(request as object)).rejects.toMatchObject({
        code: 'HF_POLICY_INVALID',
      })
  })
})
