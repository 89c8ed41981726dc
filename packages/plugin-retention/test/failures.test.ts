import { HoldfastError, type JsonValue, type Manifest, Rendezvous } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { type PolicyOptions, retention } from '@holdfast/plugin-retention'
import { type ClusterNode, FaultPlan, memoryCluster, withFaults } from '@holdfast/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DAY, keptWarnings, NOW, newPlace, RAW, register, testNode } from './support.ts'

const OLD = NOW - 100 * DAY
const HOUR = 3_600_000

async function cluster(schedule = 'off') {
  const made = await memoryCluster({
    now: NOW,
    nodes: 2,
    plugins: ({ dataDir }) => [
      manifest({ dataDir }),
      retention({ policies: [RAW], eraseDelay: '1h', schedule }),
    ],
  })
  onTestFinished(() => made[Symbol.asyncDispose]())
  const [one, two] = made.nodes as [ClusterNode, ClusterNode]
  await made.appoint('primary', one)
  const authority = one.node.service('manifest')
  await made.settle()
  return { cluster: made, one, two, authority }
}

describe('when bytes do not go', () => {
  it('[R-05] one file of a chunk that cannot be deleted delays that file alone; it stays in the queue', async () => {
    const faults = new FaultPlan()
    const place = newPlace()
    const test = await testNode({}, [], { ...place, store: (backend) => withFaults(backend, faults) })
    const keys: string[] = []
    for (const name of ['a/1', 'a/2', 'a/3']) keys.push(await test.write(name, OLD))
    faults.arm({
      call: 'delete',
      kind: 'permission',
      partial: (index) => index === 1,
      times: Number.POSITIVE_INFINITY,
    })
    const run = await test.node.jobs.run('retention', { act: true })
    expect(run).toMatchObject({ outcome: { status: 'completed' }, done: { files: 3 } })
    await test.node.eraser.drain()
    expect(test.listed()).toEqual([])
    expect(test.stored()).toHaveLength(1)
    const [left] = test.node.eraser.queue()
    expect(test.stored()).toEqual([left?.key])
  })
})

describe('when a commit fails', () => {
  it('[R-04] in the second chunk: the first is gone on both sides, the second and third keep listing and bytes, the record says so', async () => {
    const test = await testNode({ eraseDelay: '1h' })
    const keys = await Promise.all(
      Array.from({ length: 2100 }, (_, at) => test.write(`a/${String(at).padStart(4, '0')}`, OLD)),
    )
    {
      using _fail = test.failpoints.arm(
        'manifest.commit.inside',
        { kind: 'error', error: () => new HoldfastError('HF_COMMIT_FAILED', 'no luck') },
        { skip: 1 },
      )
      expect(await test.node.jobs.run('retention', { act: true })).toMatchObject({
        outcome: { status: 'aborted', reason: 'authority_write_failed' },
        done: { files: 1000 },
        chunks: 1,
      })
    }
    await test.clock.advance(HOUR)
    await test.node.eraser.drain()
    expect(await test.node.jobs.history('retention')).toMatchObject([{ outcome: { status: 'aborted' } }])
    expect(test.manifest.namespaces().items).toMatchObject([{ files: 1100 }])
    expect(test.stored()).toEqual(keys.slice(1000).sort())
    expect((await test.node.jobs.run('retention', { act: true })).done.files).toBe(1100)
    await test.clock.advance(HOUR)
    await test.node.eraser.drain()
    expect(test.stored()).toEqual([])
  })
})

describe('when an op cannot be encoded', () => {
  // The names of all policies that take a file are the reason in its op, and a reason has at most 1,024 bytes.
  const crowd = Array.from({ length: 17 }, (_, index) => ({
    ...RAW,
    id: `${String(index).padStart(2, '0')}-${'x'.repeat(61)}`,
    match: 'crowded/**',
  }))

  it('[R-06] its file is left out on both sides: listed, with its bytes, named, and not counted; the others of its chunk go', async () => {
    const { log, warnings } = keptWarnings()
    const test = await testNode({ policies: [RAW, ...crowd] }, [], { ...newPlace(), log })
    for (const path of ['a/1', 'a/2', 'z/1']) await test.write(path, OLD, { rows: 1 })
    const kept = await test.write('crowded/1', OLD, { rows: 1 })
    const run = await test.node.jobs.run('retention', { act: true })
    expect(run).toMatchObject({
      outcome: { status: 'completed' },
      planned: { files: 4 },
      done: { files: 3, rows: 3 },
      skipped: { 'its op cannot be encoded': 1 },
    })
    await test.node.eraser.drain()
    expect(test.listed()).toEqual(['crowded/1'])
    expect(test.manifest.condemned().items).toEqual([])
    expect(test.stored()).toEqual([kept])
    expect(warnings).toContainEqual(
      expect.objectContaining({ job: 'retention', run: run.id, path: 'crowded/1' }),
    )
  })

  it('[R-06] many of them are all left and counted, and ten are named', async () => {
    const { log, warnings } = keptWarnings()
    const place = { ...newPlace(), log }
    const test = await testNode({ policies: [RAW, ...crowd], eraseDelay: '1h' }, [], place)
    await register(test, 30, OLD, 'crowded')
    await register(test, 970, OLD, 'other')
    expect(await test.node.jobs.run('retention', { act: true })).toMatchObject({
      outcome: { status: 'completed' },
      done: { files: 970 },
      skipped: { 'its op cannot be encoded': 30 },
    })
    expect(warnings.filter((facts) => 'path' in facts)).toHaveLength(10)
  })

  it('[R-06] what is left out is no action: a cap is filled by what goes', async () => {
    const test = await testNode({ policies: [RAW, ...crowd], eraseDelay: '1h' })
    await register(test, 5, OLD, 'crowded')
    await register(test, 5, OLD, 'other')
    const run = await test.node.jobs.run('retention', { act: true, cap: 3 })
    expect(run).toMatchObject({ done: { files: 3 }, capHit: true })
  })
})

describe('when a policy fails', () => {
  /** A policy among the settings, as some other version may have written it. */
  const store = (test: { manifest: Manifest }, id: string, policy: JsonValue) =>
    test.manifest.commit({ ops: [{ type: 'set', name: `retention/policy/${id}`, value: { policy } }] })

  it('[R-13] that cannot be read, it keeps what it may be about; the others go on', async () => {
    const { log, warnings } = keptWarnings()
    const test = await testNode({ eraseDelay: '1h' }, [], { ...newPlace(), log })
    for (const path of ['a/1', 'legal/1', 'legal/2', 'z/1']) await test.write(path, OLD)
    await store(test, 'legal', { id: 'legal', match: 'legal/**', maxAge: 'long' })
    expect(await test.node.jobs.run('retention', { act: true })).toMatchObject({
      outcome: { status: 'completed' },
      done: { files: 2 },
      kept: { 'policy cannot be read': 2 },
    })
    expect(test.listed()).toEqual(['legal/1', 'legal/2'])
    expect(warnings).toContainEqual(expect.objectContaining({ policy: 'legal' }))
    const retention = test.node.service('retention')
    expect((await retention.explain('legal/1')).policies).toContainEqual({
      id: 'legal',
      says: 'keeps',
      because: 'policy cannot be read',
    })
    expect(retention.list()).toMatchObject([{ policy: { id: 'legal', problems: { length: 1 } } }, {}])
  })

  it.each<[string, JsonValue]>([
    ['a field that this version does not know', { id: 'x', match: 'a/**', maxAge: 1, alsoMatch: 'b/**' }],
    ['no text as its glob', { id: 'x', match: 7, maxAge: 1 }],
    ['nothing at all', null],
    ['a list in its place', ['a/**']],
    ['the id of another', { id: 'y', match: '**', maxAge: '1d' }],
  ])('[R-13] with %s, nobody knows what it is about, and everything stays', async (_what, policy) => {
    const test = await testNode({ eraseDelay: '1h' })
    for (const path of ['a/1', 'b/1']) await test.write(path, OLD)
    await store(test, 'x', policy)
    expect(await test.node.jobs.run('retention', { act: true })).toMatchObject({
      outcome: { status: 'completed' },
      done: { files: 0 },
      kept: { 'policy cannot be read': 2 },
    })
    await expect(test.node.jobs.run('retention', { policies: ['x'], act: true })).rejects.toMatchObject({
      code: 'HF_REQUEST_INVALID',
    })
    expect(test.listed()).toEqual(['a/1', 'b/1'])
    await test.node.service('retention').remove('x')
    expect((await test.node.jobs.run('retention', { act: true })).done.files).toBe(2)
  })

  it('[R-13] where another policy takes the say from it, that one decides', async () => {
    const over: PolicyOptions = { ...RAW, id: 'over', match: 'legal/drafts/**', overrides: ['legal'] }
    const test = await testNode({ policies: [], eraseDelay: '1h' })
    for (const path of ['legal/1', 'legal/drafts/1']) await test.write(path, OLD)
    const retention = test.node.service('retention')
    await retention.set({ ...RAW, id: 'legal', match: 'legal/**' })
    await retention.set(over)
    await store(test, 'legal', { id: 'legal', match: 'legal/**', maxAge: 'long' })
    await test.node.jobs.run('retention', { act: true })
    expect(test.listed()).toEqual(['legal/1'])
  })

  it('[R-13] unless it is the authority that fails: then nothing of any policy goes on', async () => {
    const test = await testNode({ policies: [RAW, { ...RAW, id: 'other', match: 'b/**' }], eraseDelay: '1h' })
    await register(test, 1000, OLD, 'a')
    await register(test, 10, OLD, 'b')
    using _fail = test.failpoints.arm('manifest.commit.inside', {
      kind: 'error',
      error: () => new HoldfastError('HF_COMMIT_FAILED', 'no luck'),
    })
    expect(await test.node.jobs.run('retention', { act: true })).toMatchObject({
      outcome: { status: 'aborted', reason: 'authority_write_failed' },
      done: { files: 0 },
      chunks: 0,
    })
    expect(test.manifest.namespaces().items).toMatchObject([{ files: 1000 }, { files: 10 }])
  })
})

describe('when the role goes', () => {
  it('[R-01] between two chunks: the run ends there, with the counts of the first', async () => {
    const { cluster: made, one, two, authority } = await cluster()
    await register({ manifest: authority } as never, 1500, OLD)
    one.failpoints.arm('job.chunk.after', {
      kind: 'callback',
      call: async () => {
        await made.appoint('primary', two)
        await made.settle()
      },
    })
    expect(await one.node.jobs.run('retention', { act: true })).toMatchObject({
      done: { files: 1000 },
      outcome: { status: 'aborted', reason: 'authority_lost' },
    })
    expect(authority.namespaces().items).toMatchObject([{ files: 500 }])
    await made.settle()
    expect(await two.node.jobs.run('retention', { act: true })).toMatchObject({
      done: { files: 500 },
      outcome: { status: 'completed' },
    })
  })

  it('[R-01] between the gate and the commit: apply drops the chunk', async () => {
    const { cluster: made, one, two, authority } = await cluster()
    await register({ manifest: authority } as never, 10, OLD)
    one.failpoints.arm('job.chunk.before', {
      kind: 'callback',
      call: async () => void (await made.appoint('primary', two)),
    })
    expect(await one.node.jobs.run('retention', { act: true })).toMatchObject({
      done: { files: 0 },
      outcome: { status: 'aborted', reason: 'authority_lost', code: 'HF_FENCED' },
    })
    expect(authority.namespaces().items).toMatchObject([{ files: 10 }])
  })

  it('[R-01] a schedule runs on the node with the role; on the others a tick is denied, and told', async () => {
    const { cluster: made, one, two } = await cluster('0 3 * * *')
    await one.node.files.write('a', 'a', { maxTime: OLD })
    await made.settle()
    const heard: string[] = []
    for (const { node } of made.nodes) node.audit.on(({ audit }) => heard.push(`${node.id} ${audit}`))
    await two.clock.advance(3 * HOUR)
    await expect.poll(async () => (await two.node.jobs.status())[0]?.lastTick?.result).toBe('denied')
    expect(heard).toContain('node-2 tick_denied')
    expect(await two.node.files.stat('a')).toBeDefined()
    await one.clock.advance(3 * HOUR)
    await expect.poll(async () => (await one.node.jobs.history('retention')).length).toBe(1)
    expect(await one.node.files.stat('a')).toBeUndefined()
  })
})

describe('schedule and people', () => {
  it('[R-08] a tick during a run of somebody is skipped and told; somebody during a tick is refused', async () => {
    const test = await testNode({ schedule: '0 3 * * *', eraseDelay: '1h' })
    await test.write('a/1', OLD)
    const heard: string[] = []
    using _listening = test.node.audit.on(({ audit }) => heard.push(audit))
    const parked = new Rendezvous()
    {
      using ends = new DisposableStack()
      ends.use(test.failpoints.arm('job.chunk.before', { kind: 'park', rendezvous: parked }))
      ends.defer(parked.release)
      const manual = test.node.jobs.run('retention', { act: true })
      await parked.reached
      await test.clock.advance(3 * HOUR)
      expect(heard).toContain('tick_skipped')
      parked.release()
      expect((await manual).done.files).toBe(1)
    }
    await test.write('a/2', OLD)
    const tick = new Rendezvous()
    using _park = test.failpoints.arm('job.chunk.before', { kind: 'park', rendezvous: tick })
    await test.clock.advance(24 * HOUR)
    await tick.reached
    const refused = test.node.jobs.run('retention', { act: true }).then(
      () => 'ran',
      ({ code }: HoldfastError) => code,
    )
    tick.release()
    expect(await refused).toBe('HF_ALREADY_RUNNING')
    await expect.poll(() => test.node.jobs.running().length).toBe(0)
    expect(test.listed()).toEqual([])
    expect(await test.node.jobs.history('retention')).toHaveLength(2)
  })

  it('[R-10] a run that is cancelled ends between chunks, by its id, with its counts; the next one goes on', async () => {
    const test = await testNode({ eraseDelay: '1h' })
    await register(test, 1500, OLD)
    test.failpoints.arm('job.chunk.after', {
      kind: 'callback',
      call: () => void test.node.jobs.cancel(test.node.jobs.running()[0]?.id ?? ''),
    })
    expect(await test.node.jobs.run('retention', { act: true })).toMatchObject({
      done: { files: 1000 },
      outcome: { status: 'aborted', reason: 'cancelled' },
    })
    expect((await test.node.jobs.run('retention', { act: true })).done.files).toBe(500)
  })

  it('[R-09] the audit names the policies of every batch', async () => {
    const test = await testNode({
      policies: [RAW, { id: 'short', match: 'a/**', maxAge: '1d', minAge: 0 }],
      eraseDelay: '1h',
    })
    await test.write('a/1', OLD)
    await test.write('b/1', OLD)
    const heard: unknown[] = []
    using _listening = test.node.audit.on((event) => heard.push(event))
    await test.node.jobs.run('retention', { act: true })
    expect(heard).toContainEqual(
      expect.objectContaining({
        audit: 'chunk_committed',
        reasons: ['retention:raw+short', 'retention:raw'],
      }),
    )
    const reasons = test.manifest.condemned().items.map(({ reason }) => reason)
    expect(reasons).toEqual(['retention:raw+short', 'retention:raw'])
  })
})
