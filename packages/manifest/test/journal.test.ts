import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type PlanItem, type PlannedJob, RUNS_KEPT } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { all, damage, doAll, item, sweeper } from './journal-parts.ts'
import { type TestNode, testNode } from './support.ts'

const DAY = 86_400_000

const flip = (at: number) => (value: Buffer) => {
  value[at < 0 ? value.length + at : at]! ^= 1
  return value
}

describe('the journal', () => {
  it('[R-19] the history of a job survives a restart, newest first, fifty at most', async () => {
    const first = await testNode({ plugins: [sweeper(3)] })
    const ids: string[] = []
    for (let run = 0; run < RUNS_KEPT + 3; run++)
      ids.unshift((await first.node.jobs.run('sweep', { act: true })).id)
    const before = await first.node.jobs.history('sweep')
    expect(before.map(({ id }) => id)).toEqual(ids.slice(0, RUNS_KEPT))
    const second = await first.restart()
    expect(await second.node.jobs.history('sweep')).toEqual(before)
    expect((await second.node.jobs.status())[0]?.lastRun).toEqual(before[0])
  })

  it('[R-07] a run that its process did not live to end is aborted after the restart, with the counts of its chunks', async () => {
    const acting = Promise.withResolvers<void>()
    const died = Promise.withResolvers<void>()
    let chunks = 0
    const first = await testNode({
      plugins: [
        sweeper(3000, {
          async act(chunk, context) {
            if (++chunks < 3) return doAll(chunk, context)
            acting.resolve()
            await died.promise
            throw new Error('it lives on only in this test')
          },
        }),
      ],
    })
    const cut = first.node.jobs.run('sweep', { act: true })
    await acting.promise
    // As after a crash: the second node takes the folder of one that never stopped.
    const second = await takeOver(first)
    const [run] = await second.node.jobs.history('sweep')
    expect(run).toMatchObject({
      outcome: { status: 'aborted', reason: 'unknown' },
      done: { files: 2000, bytes: 20_000 },
      chunks: 2,
      planned: { files: 3000 },
    })
    expect((await second.node.jobs.status())[0]?.lastRun).toEqual(run)
    expect((await (await second.restart()).node.jobs.history('sweep')).length).toBe(1)
    died.resolve()
    await cut
  })

  it('[C-23] a plan survives a restart and is executed whole', async () => {
    const acted: string[] = []
    const act: PlannedJob<unknown>['act'] = async (chunk, context) => {
      acted.push(...chunk.map(({ path }) => path))
      return doAll(chunk, context)
    }
    const first = await testNode({ plugins: [sweeper(2500, { act })] })
    const plan = await first.node.jobs.plan('sweep', { why: new Date(5) } as object)
    expect(plan.request).toEqual({ why: '1970-01-01T00:00:00.005Z' })
    const second = await first.restart()
    const read: PlanItem[] = []
    for await (const page of second.node.jobs.planItems(plan.id)) read.push(...page)
    expect(read).toEqual(Array.from({ length: 2500 }, (_, index) => item(index)))
    const run = await second.node.jobs.run('sweep', { plan: plan.id, act: true })
    expect(run).toMatchObject({ done: plan.totals, outcome: { status: 'completed' } })
    expect(acted).toEqual(read.map(({ path }) => path))
  })

  it('[C-23] a plan of the node that had this folder before is refused', async () => {
    const first = await testNode({ plugins: [sweeper(5)] })
    const { id } = await first.node.jobs.plan('sweep')
    const journal = first.node.service('journal')
    const record = (await journal.plan(id))!
    await journal.addPlan({ ...record, node: 'somebody-else' })
    await expect(first.node.jobs.run('sweep', { plan: id, act: true })).rejects.toMatchObject({
      code: 'HF_PLAN_FOREIGN',
    })
  })

  it('[C-23] expired plans are removed, with all their items', async () => {
    const first = await testNode({ plugins: [sweeper(2500)] })
    const { id } = await first.node.jobs.plan('sweep')
    await first.clock.advance(DAY)
    await first.node.jobs.plan('sweep')
    expect(await first.node.service('journal').plan(id)).toBeUndefined()
    await first.node.stop()
    expect(await damage(first.dataDir, `I${id}`, (value) => value)).toBe(0)
  })

  it('[C-23] what was spooled for a plan that was never finished is gone after the next start', async () => {
    const first = await testNode({ plugins: [sweeper(10)] })
    const kept = await first.node.jobs.plan('sweep')
    await first.node.service('journal').spool('01ARZ3NDEKTSV4RRFFQ69G5FAV', 0, [item(1)])
    const second = await first.restart()
    expect(await (await second.node.jobs.plan('sweep')).all()).toHaveLength(10)
    await second.node.stop()
    expect(await damage(first.dataDir, 'I01ARZ3', (value) => value)).toBe(0)
    expect(await damage(first.dataDir, `I${kept.id}`, (value) => value)).toBe(1)
  })

  it('[C-23] an item comes back as it was, whatever it holds', async () => {
    const journal = (await testNode()).node.service('journal')
    const items = [
      item(1, { rows: 0, namespace: 'ä/b', reason: 'retention:x' }),
      item(2, { size: 2 ** 52, generation: 2 ** 52 }),
      item(3, { key: item(3).path as string as PlanItem['key'] }),
    ]
    const { rows: _, ...without } = item(4)
    await journal.spool('p', 0, items)
    await journal.spool('p', 3, [without])
    await journal.addPlan(planRecord('p', 4))
    expect(await all(journal, 'p')).toEqual([...items, without])
  })

  it('[K-15] a process that was taken over is refused at its next write', async () => {
    const first = await testNode({ plugins: [sweeper(5)] })
    await takeOver(first)
    await expect(first.node.jobs.run('sweep', {})).rejects.toMatchObject({ code: 'HF_DATADIR_TAKEN' })
  })
})

describe('a damaged journal', () => {
  async function damaged(prefix: string, change: (value: Buffer) => Buffer | undefined) {
    const first = await testNode({ plugins: [sweeper(1500)] })
    const plan = await first.node.jobs.plan('sweep')
    await first.node.jobs.run('sweep', {})
    await first.node.stop()
    expect(await damage(first.dataDir, prefix, change)).toBeGreaterThan(0)
    return { node: (await first.restart()).node, plan }
  }

  it.each([0, 5, -9, -1])(
    '[X-09] a run with byte %i flipped: a typed error, and the job still runs',
    async (at) => {
      const { node } = await damaged('R', flip(at))
      await expect(node.jobs.history('sweep')).rejects.toMatchObject({
        code: 'HF_JOURNAL_CORRUPT',
        context: { row: expect.stringContaining('Rsweep') },
      })
      expect(await node.jobs.status()).toMatchObject([
        { lastRun: undefined, problem: expect.stringContaining('HF_JOURNAL_CORRUPT') },
      ])
      expect((await node.jobs.run('sweep', { act: true })).outcome.status).toBe('completed')
    },
  )

  it.each<[string, string, (value: Buffer) => Buffer | undefined]>([
    ['its record', 'P', flip(3)],
    ['a block of its items', 'I', flip(100)],
    ['the end of a block', 'I', (value) => value.subarray(0, -1)],
  ])(
    '[X-09] a plan with a damage in %s is refused, never executed in part unseen',
    async (_what, prefix, change) => {
      const { node, plan } = await damaged(prefix, change)
      const outcome = await node.jobs
        .run('sweep', { plan: plan.id, act: true })
        .then(({ outcome, done }) => ({ ...outcome, ...done }))
        .catch((error: { code: string }) => ({ code: error.code, files: 0 }))
      expect(outcome).toMatchObject({ code: 'HF_JOURNAL_CORRUPT', files: 0 })
    },
  )

  it('[X-09] a plan of which a block is missing is noticed', async () => {
    let seen = 0
    const { node, plan } = await damaged('I', (value) => (seen++ % 2 === 1 ? undefined : value))
    expect(await node.jobs.run('sweep', { plan: plan.id, act: true })).toMatchObject({
      outcome: { status: 'aborted', reason: 'corrupt', code: 'HF_JOURNAL_CORRUPT' },
    })
  })
})

describe('memory', () => {
  it('[C-11] a plan of 200,000 files is not held in memory', async () => {
    const live: number[] = []
    const { node } = await testNode({
      plugins: [
        sweeper(200_000, {
          async *plan() {
            for (let at = 0; at < 200_000; at += 1000) {
              if (at % 50_000 === 0) live.push(liveBytes())
              yield Array.from({ length: 1000 }, (_, index) => item(at + index))
            }
          },
        }),
      ],
    })
    const plan = await node.jobs.plan('sweep')
    let read = 0
    for await (const page of plan.items()) {
      read += page.length
      if (read % 50_000 === 0) live.push(liveBytes())
    }
    expect(read).toBe(200_000)
    // Held in memory, these items alone take more than 30 MiB.
    const [before, ...later] = live as [number, ...number[]]
    expect(Math.max(...later) - before).toBeLessThan(4 * 1024 ** 2)
  })
})

async function takeOver(first: TestNode): Promise<TestNode> {
  writeFileSync(join(first.dataDir, 'lock'), '')
  return testNode({
    dataDir: first.dataDir,
    objects: first.objects,
    clock: first.clock,
    plugins: [sweeper(5)],
  })
}

function planRecord(id: string, files: number) {
  const totals = { files, bytes: 0, rows: 0 }
  const times = { createdAt: 0, expiresAt: DAY }
  return {
    id,
    job: 'sweep',
    node: 'node-1',
    ...times,
    request: {},
    totals,
    kept: {},
    digest: '',
    overLimit: [],
  }
}

/** Memory of this process that is its own: mapped pages of a store count in the resident set, but are the cache's. */
/** What the collector has to leave. */
function liveBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
