import { definePlugin, HoldfastError, type Plugin, Rendezvous } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { DAY, NOW, register, testNode } from './support.ts'

const EXPIRED = NOW - 91 * DAY

function door(isOpen: (action: string) => boolean): Plugin {
  return definePlugin({
    name: 'test-door',
    id: 'door',
    version: '1.0.0',
    api: '1.0',
    setup: ({ hooks }) =>
      hooks.gate.tap(async ({ action }) => (isOpen(action) ? undefined : { deny: 'closed' })),
  })
}
const nothingErased = () => door((action) => action !== 'erase')

describe('a retention run', () => {
  it('[R-02] condemns first: while the authority has not moved, every byte is there', async () => {
    const test = await testNode()
    const keys = [await test.write('a/1', EXPIRED), await test.write('a/2', EXPIRED)].sort()
    const parked = new Rendezvous()
    using _park = test.failpoints.arm('manifest.commit.before', { kind: 'park', rendezvous: parked })
    const run = test.node.jobs.run('retention', { act: true })
    await parked.reached
    expect(test.stored()).toEqual(keys)
    expect(test.listed()).toEqual(['a/1', 'a/2'])
    parked.release()
    expect((await run).done.files).toBe(2)
    expect(test.listed()).toEqual([])
    await test.node.eraser.drain()
    expect(test.stored()).toEqual([])
  })

  it('[R-02] the bytes are still there when their doom is about to be committed', async () => {
    const test = await testNode()
    const key = await test.write('a/1', EXPIRED)
    const parked = new Rendezvous()
    using _park = test.failpoints.arm('eraser.doom.before', { kind: 'park', rendezvous: parked })
    await test.node.jobs.run('retention', { act: true })
    await parked.reached
    expect(test.stored()).toEqual([key])
    parked.release()
    await test.node.eraser.drain()
    expect(test.stored()).toEqual([])
  })

  it('[R-02] a commit that fails leaves the bytes of the chunk intact', async () => {
    const test = await testNode()
    const key = await test.write('a/1', EXPIRED)
    {
      using _fail = test.failpoints.arm('manifest.commit.inside', {
        kind: 'error',
        error: () => new HoldfastError('HF_COMMIT_FAILED', 'no luck'),
      })
      expect((await test.node.jobs.run('retention', { act: true })).outcome).toMatchObject({
        status: 'aborted',
        reason: 'authority_write_failed',
      })
    }
    await test.node.eraser.drain()
    expect(test.stored()).toEqual([key])
    expect(test.listed()).toEqual(['a/1'])
  })

  it('[R-04] a commit that fails in the second chunk aborts the run: that chunk and later ones are untouched; the next run finishes', async () => {
    const test = await testNode({}, [nothingErased()])
    await register(test, 2500, EXPIRED)
    {
      using _fail = test.failpoints.arm(
        'manifest.commit.inside',
        { kind: 'error', error: () => new HoldfastError('HF_COMMIT_FAILED', 'no luck') },
        { skip: 1 },
      )
      const run = await test.node.jobs.run('retention', { act: true })
      expect(run).toMatchObject({
        outcome: { status: 'aborted', reason: 'authority_write_failed', code: 'HF_COMMIT_FAILED' },
        done: { files: 1000 },
        chunks: 1,
      })
    }
    expect(test.manifest.namespaces().items).toMatchObject([{ files: 1500 }])
    expect(await test.node.jobs.history('retention')).toHaveLength(1)
    expect(await test.node.jobs.run('retention', { act: true })).toMatchObject({
      outcome: { status: 'completed' },
      done: { files: 1500 },
    })
    expect(test.manifest.namespaces().items).toEqual([])
  })

  it('[R-07] the record of an aborted run keeps files, bytes and rows of finished chunks', async () => {
    const test = await testNode({}, [nothingErased()])
    await register(test, 1500, EXPIRED)
    using _fail = test.failpoints.arm('job.chunk.before', { kind: 'error' }, { skip: 1 })
    const run = await test.node.jobs.run('retention', { act: true })
    expect(run).toMatchObject({
      planned: { files: 1500 },
      done: { files: 1000, bytes: 10_000, rows: 2000 },
      outcome: { status: 'aborted' },
    })
  })

  it('[R-03] a chunk is one batch of at most 1000 ops', async () => {
    const test = await testNode({}, [nothingErased()])
    await register(test, 2001, EXPIRED)
    const before = test.manifest.head()
    const run = await test.node.jobs.run('retention', { act: true })
    expect(run.chunks).toBe(3)
    expect(test.manifest.head().position.index - before.position.index).toBe(3)
    expect(test.manifest.head().generation - before.generation).toBe(2001)
  })

  it('[R-03] a run slows down while the queue is deep', async () => {
    let open = false
    const test = await testNode({}, [door((action) => action !== 'erase' || open)])
    await register(test, 22_000, EXPIRED)
    const chunks: number[] = []
    const run = test.node.jobs.run(
      'retention',
      { act: true },
      { onProgress: ({ done }) => chunks.push(done) },
    )
    await expect.poll(() => chunks.at(-1), { timeout: 15_000 }).toBe(21_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(chunks.at(-1)).toBe(21_000)
    open = true
    await test.node.eraser.drain()
    await test.clock.advance(200)
    expect((await run).done.files).toBe(22_000)
  })

  it('[R-08] a second run is refused while the first is on its way', async () => {
    const test = await testNode()
    await test.write('a/1', EXPIRED)
    const parked = new Rendezvous()
    using _park = test.failpoints.arm('job.chunk.before', { kind: 'park', rendezvous: parked })
    const first = test.node.jobs.run('retention', { act: true })
    await parked.reached
    const second = test.node.jobs.run('retention', { act: true }).then(
      () => 'ran',
      (error: HoldfastError) => error,
    )
    parked.release()
    expect(await second).toMatchObject({ code: 'HF_ALREADY_RUNNING', context: { job: 'retention' } })
    expect((await first).outcome).toEqual({ status: 'completed' })
  })

  it('[R-14] a dry run and a plan give the exact list and totals and change nothing', async () => {
    const test = await testNode()
    await test.write('a/1', EXPIRED, { rows: 3 })
    await test.write('b/2', EXPIRED, { rows: 4 })
    await test.write('b/young', NOW)
    const before = [test.manifest.head(), test.manifest.contentDigest(), test.stored(), objectsOf(test)]
    const plan = await test.node.jobs.plan('retention')
    expect((await plan.all()).map(({ path }) => path)).toEqual(['a/1', 'b/2'])
    expect(plan.totals).toEqual({ files: 2, bytes: 6, rows: 7 })
    const run = await test.node.jobs.run('retention', {})
    expect(run).toMatchObject({ dryRun: true, planned: plan.totals, done: { files: 0 } })
    await test.node.eraser.drain()
    expect([test.manifest.head(), test.manifest.contentDigest(), test.stored(), objectsOf(test)]).toEqual(
      before,
    )
  })

  it('[R-14] what a plan lists is what a run takes', async () => {
    const test = await testNode()
    for (let day = 80; day < 100; day++) await test.write(`a/${day}`, NOW - day * DAY)
    const plan = await test.node.jobs.plan('retention')
    const items = await plan.all()
    const before = test.listed()
    const run = await test.node.jobs.run('retention', { act: true })
    expect(run.done).toEqual(plan.totals)
    expect(before.filter((path) => !test.listed().includes(path))).toEqual(
      items.map(({ path }) => path).sort(),
    )
  })

  it('[M-18] a file that changed after it was planned is skipped and counted', async () => {
    const test = await testNode({ eraseDelay: '1h' })
    await test.write('a/1', EXPIRED)
    await test.write('a/2', EXPIRED)
    const parked = new Rendezvous()
    using _park = test.failpoints.arm('job.chunk.before', { kind: 'park', rendezvous: parked })
    const run = test.node.jobs.run('retention', { act: true })
    await parked.reached
    await test.node.files.delete('a/1')
    await test.node.files.undo('a/1')
    parked.release()
    expect(await run).toMatchObject({
      done: { files: 1 },
      skipped: { changed: 1 },
      outcome: { status: 'completed' },
    })
    expect(test.listed()).toEqual(['a/1'])
  })

  it('[R-16] until it is doomed an expired file comes back whole', async () => {
    const test = await testNode({ eraseDelay: '1h' })
    await test.write('a/1', EXPIRED, { rows: 3 })
    const before = await test.node.files.stat('a/1')
    await test.node.jobs.run('retention', { act: true })
    expect(test.listed()).toEqual([])
    const { generation: _, ...back } = await test.node.files.undo('a/1')
    expect({ ...back, generation: before?.generation }).toEqual(before)
  })

  it('[R-21] nothing acts without act', async () => {
    const test = await testNode()
    await test.write('a/1', EXPIRED)
    expect(await test.node.jobs.run('retention', { act: false })).toMatchObject({ dryRun: true })
    expect(test.listed()).toEqual(['a/1'])
  })

  it('[G-02] a closed gate refuses a run and lets a plan pass', async () => {
    const test = await testNode({}, [door(() => false)])
    await test.write('a/1', EXPIRED)
    await expect(test.node.jobs.run('retention', { act: true })).rejects.toMatchObject({
      code: 'HF_GATE_DENIED',
      context: { by: 'door' },
    })
    expect((await test.node.jobs.plan('retention')).totals.files).toBe(1)
    expect(test.listed()).toEqual(['a/1'])
  })
})

function objectsOf({ objects }: Awaited<ReturnType<typeof testNode>>): [string, string][] {
  return [...objects.byKey]
    .map(([key, { checksum }]): [string, string] => [key, checksum])
    .filter(([key]) => key !== '.holdfast/owner.json')
}
