import {
  definePlugin,
  type HoldfastNode,
  type Journal,
  type PlanItem,
  type PlannedJob,
  type PlanRecord,
  type RunProgress,
  totalsOf,
} from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { items, jobPlugin, plugin, startNode } from './support.ts'

const DAY = 86_400_000

/** A job over files that go when they are acted on, and are skipped when they have changed. */
async function sweeping(
  count = 2500,
  extra: Partial<PlannedJob<unknown>> = {},
): Promise<{ node: HoldfastNode; clock: FakeClock; live: Map<string, PlanItem>; chunks: number[] }> {
  const live = new Map(items(count).map((item) => [item.path as string, item]))
  const chunks: number[] = []
  const clock = new FakeClock()
  const act: PlannedJob<unknown>['act'] = async (chunk) => {
    chunks.push(chunk.length)
    const done = chunk.filter(({ path, generation }) => live.get(path)?.generation === generation)
    for (const { path } of done) live.delete(path)
    const changed = chunk.length - done.length
    return { done: totalsOf(done), skipped: changed > 0 ? { changed } : {} }
  }
  const plan = async function* () {
    yield [...live.values()]
  }
  return { node: await startNode([jobPlugin(act, [], { plan, ...extra })], { clock }), clock, live, chunks }
}

describe('a plan', () => {
  it('[C-23] is read as a stream, by itself or by its id', async () => {
    const { node } = await sweeping()
    await using _ = node
    const plan = await node.jobs.plan('sweep')
    const pages: number[] = []
    for await (const page of plan.items()) pages.push(page.length)
    expect(pages).toEqual([1000, 1000, 500])
    const read: PlanItem[] = []
    for await (const page of node.jobs.planItems(plan.id)) read.push(...page)
    expect(read).toEqual(items(2500))
    expect(plan).toMatchObject({
      job: 'sweep',
      node: 'test-node',
      totals: { files: 2500, bytes: 25_000, rows: 5000 },
      expiresAt: plan.createdAt + DAY,
      overLimit: [],
    })
  })

  it('[C-23] tells how far its making is, and for whom', async () => {
    const { node } = await sweeping(2500)
    await using _ = node
    const told: RunProgress[] = []
    const onProgress = (progress: RunProgress) => void told.push(progress)
    const { id } = await node.jobs.plan('sweep', {}, { onProgress, actor: 'node' })
    expect(told.map(({ done }) => done)).toEqual([1000, 2000, 2500])
    expect(told[0]).toMatchObject({ id, job: 'sweep', actor: 'node', dryRun: true, phase: 'planning' })
  })

  it('[C-23] a run of it takes exactly its items, and of these only what has not changed', async () => {
    const { node, live } = await sweeping(10)
    await using _ = node
    const plan = await node.jobs.plan('sweep')
    const [first, second, third] = [...live.values()]
    live.set('ns/new', { ...first!, path: 'ns/new' as PlanItem['path'], generation: 99 })
    live.set(second!.path, { ...second!, generation: 100 })
    live.delete(third!.path)
    const run = await node.jobs.run('sweep', { plan: plan.id, act: true })
    expect(run).toMatchObject({
      plan: plan.id,
      planned: plan.totals,
      done: { files: 8 },
      skipped: { changed: 2 },
      outcome: { status: 'completed' },
    })
    expect([...live.keys()].sort()).toEqual([second!.path, 'ns/new'])
  })

  it('[C-23] is refused when it has expired, to the millisecond', async () => {
    const { node, clock, live } = await sweeping(10, { planExpiry: 1000 })
    await using _ = node
    const [a, b] = [await node.jobs.plan('sweep'), await node.jobs.plan('sweep')]
    await clock.advance(999)
    expect((await node.jobs.run('sweep', { plan: a.id })).outcome.status).toBe('completed')
    await clock.advance(1)
    await expect(node.jobs.run('sweep', { plan: b.id, act: true })).rejects.toMatchObject({
      code: 'HF_PLAN_EXPIRED',
    })
    expect(live.size).toBe(10)
  })

  it('[C-23] is refused when nobody knows it, and when it is of another job', async () => {
    const act: PlannedJob<unknown>['act'] = async (chunk) => ({ done: totalsOf(chunk), skipped: {} })
    await using node = await startNode([
      jobPlugin(act),
      plugin('another', ({ jobs }) =>
        jobs.define({
          name: 'other',
          doc: 'Another job.',
          action: 'condemn',
          async *plan() {
            yield items(5)
          },
          act,
        }),
      ),
    ])
    await expect(
      node.jobs.run('sweep', { plan: '01ARZ3NDEKTSV4RRFFQ69G5FAV', act: true }),
    ).rejects.toMatchObject({ code: 'HF_PLAN_UNKNOWN' })
    const { id } = await node.jobs.plan('other')
    await expect(node.jobs.run('sweep', { plan: id, act: true })).rejects.toMatchObject({
      code: 'HF_PLAN_FOREIGN',
    })
    await expect(async () => {
      for await (const _page of node.jobs.planItems('nobody'));
    }).rejects.toMatchObject({ code: 'HF_PLAN_UNKNOWN' })
    expect(await node.jobs.history('sweep')).toEqual([])
  })

  it('[C-23] a run that completed its own plan removes it; a dry run leaves it to be executed', async () => {
    const { node, live } = await sweeping(10)
    await using _ = node
    const dry = await node.jobs.run('sweep', {})
    const act = await node.jobs.run('sweep', { plan: dry.plan!, act: true })
    expect(act.done.files).toBe(10)
    expect(live.size).toBe(0)
    const own = await node.jobs.run('sweep', { act: true })
    await expect(node.jobs.run('sweep', { plan: own.plan!, act: true })).rejects.toMatchObject({
      code: 'HF_PLAN_UNKNOWN',
    })
  })

  it('[C-23] a plan that fails on the way leaves nothing', async () => {
    const { node } = await sweeping(0, {
      async *plan() {
        yield items(1500)
        throw new Error('no luck')
      },
    })
    await using _ = node
    await expect(node.jobs.plan('sweep')).rejects.toThrow('no luck')
    const run = await node.jobs.run('sweep', { act: true })
    expect(run).toMatchObject({ outcome: { status: 'aborted', reason: 'unknown', message: 'no luck' } })
    await expect(node.jobs.run('sweep', { plan: run.plan! })).rejects.toMatchObject({
      code: 'HF_PLAN_UNKNOWN',
    })
  })

  it('[C-23] is not changed by whoever looks at it', async () => {
    const { node, live } = await sweeping(5, { limits: { files: 1 } })
    await using _ = node
    const plan = await node.jobs.plan('sweep')
    const empty = (list: readonly unknown[]) => {
      ;(list as unknown[]).length = 0
    }
    expect(() => empty(plan.overLimit)).toThrow(TypeError)
    for await (const page of plan.items()) {
      expect(() => empty(page)).toThrow(TypeError)
      expect(() => Object.assign(page[0]!, { generation: 9 })).toThrow(TypeError)
    }
    expect((await node.jobs.run('sweep', { plan: plan.id, act: true })).outcome).toMatchObject({
      reason: 'over_limit',
    })
    expect(live.size).toBe(5)
    expect(await plan.all()).toEqual(items(5))
  })

  it('[C-23] keeps what each item was, also of a job that uses one object for all', async () => {
    const { node } = await sweeping(0, {
      async *plan() {
        const item = { ...items(1)[0]! }
        const page = [item]
        for (const path of ['p0', 'p1', 'p2']) {
          item.path = path as PlanItem['path']
          yield page
        }
      },
    })
    await using _ = node
    const plan = await node.jobs.plan('sweep')
    expect((await plan.all()).map(({ path }) => path)).toEqual(['p0', 'p1', 'p2'])
  })

  it.each<[string, Partial<PlanItem>]>([
    ['size', { size: 11 }],
    ['rows', { rows: 3 }],
    ['namespace', { namespace: 'other' }],
    ['generation', { generation: 7 }],
    ['reason', { reason: 'why not' }],
  ])('[C-23] another %s is another digest', async (_what, change) => {
    const digestOf = async (planned: readonly PlanItem[]) => {
      const plan = async function* () {
        yield planned
      }
      const { node } = await sweeping(0, { plan })
      await using _ = node
      return (await node.jobs.plan('sweep')).digest
    }
    const [item] = items(1)
    expect(await digestOf([{ ...item!, ...change }])).not.toBe(await digestOf([item!]))
  })

  it('[C-23] one that is not what it was is refused before anything of it is done', async () => {
    const kept = new Map<string, PlanItem[]>()
    const records = new Map<string, PlanRecord>()
    // As a journal that loses an item without noticing.
    const forgetful: Journal = {
      recordRun: async () => undefined,
      runs: async () => [],
      openRuns: async () => [],
      spool: async (id, _from, more) => void kept.set(id, [...(kept.get(id) ?? []), ...more]),
      addPlan: async (record) => void records.set(record.id, record),
      plan: async (id) => records.get(id),
      plans: async () => [],
      async *planItems(id) {
        yield kept.get(id)?.slice(1) ?? []
      },
      removePlan: async () => undefined,
    }
    let acted = 0
    await using node = await startNode([
      definePlugin({
        name: 'test-journal',
        id: 'journal',
        version: '1.0.0',
        api: '1.0',
        provides: ['journal'],
        setup: ({ provide }) => provide('journal', () => forgetful),
      }),
      jobPlugin(async (chunk) => {
        acted++
        return { done: totalsOf(chunk), skipped: {} }
      }, items(10)),
    ])
    const { id } = await node.jobs.plan('sweep')
    expect((await node.jobs.run('sweep', { plan: id, act: true })).outcome).toMatchObject({
      status: 'aborted',
      reason: 'corrupt',
      code: 'HF_JOURNAL_CORRUPT',
    })
    expect(acted).toBe(0)
  })

  it.each([
    ['fields that were decided with the plan', { before: 5 }],
    ['limits', { limits: { files: 1 } }],
    ['an unknown override', { override: ['everything'] as never }],
    ['half an action', { cap: 1.5 }],
    ['less than nothing', { cap: -1 }],
  ])('[A-06] a run of a plan with %s is refused', async (_what, more) => {
    const { node } = await sweeping(10)
    await using _ = node
    const { id } = await node.jobs.plan('sweep')
    await expect(node.jobs.run('sweep', { plan: id, act: true, ...more } as object)).rejects.toMatchObject({
      code: 'HF_REQUEST_INVALID',
    })
  })
})

describe('a cap', () => {
  const N = 5
  it.each(Array.from({ length: N + 2 }, (_, cap) => cap))(
    '[C-07] of %i does exactly that many actions of five, and says whether it was reached',
    async (cap) => {
      const { node, live } = await sweeping(N)
      await using _ = node
      const audit: string[] = []
      node.audit.on(({ audit: name }) => audit.push(name))
      const run = await node.jobs.run('sweep', { act: true, cap })
      expect(run.done.files).toBe(Math.min(cap, N))
      expect(live.size).toBe(N - Math.min(cap, N))
      expect(run).toMatchObject({ cap, capHit: cap <= N, outcome: { status: 'completed' } })
      expect(audit.includes('cap_hit')).toBe(cap <= N)
      const next = await node.jobs.run('sweep', { act: true })
      expect(next.done.files).toBe(N - Math.min(cap, N))
      expect(live.size).toBe(0)
    },
  )

  it('[C-07] over several chunks the last one is cut', async () => {
    const { node, chunks } = await sweeping(3000)
    await using _ = node
    await node.jobs.run('sweep', { act: true, cap: 1500 })
    expect(chunks).toEqual([1000, 500])
  })

  it('[C-07] what is skipped is no action: also after a chunk that was skipped whole, exactly cap actions are done', async () => {
    const { node, live, chunks } = await sweeping(3000)
    await using _ = node
    const { id } = await node.jobs.plan('sweep')
    for (const item of items(1200)) live.set(item.path, { ...item, generation: 1_000_000 })
    const run = await node.jobs.run('sweep', { plan: id, act: true, cap: 1000 })
    expect(run).toMatchObject({ done: { files: 1000 }, skipped: { changed: 1200 }, capHit: true })
    expect(chunks).toEqual([1000, 1000, 200])
  })

  it('[C-07] a capped plan goes on with the next run of the same plan', async () => {
    const { node, live } = await sweeping(25)
    await using _ = node
    const { id } = await node.jobs.plan('sweep')
    for (const left of [15, 5, 0]) {
      const run = await node.jobs.run('sweep', { plan: id, act: true, cap: 10 })
      expect(run.capHit).toBe(left > 0)
      expect(live.size).toBe(left)
    }
  })

  it.each([
    [10, false],
    [9, true],
  ])('[C-07] of %i on a run of ten leaves the plan to the next run: %s', async (cap, left) => {
    const { node } = await sweeping(10)
    await using _ = node
    const { plan } = await node.jobs.run('sweep', { act: true, cap })
    const next = node.jobs.run('sweep', { plan: plan!, act: true })
    if (left) expect(await next).toMatchObject({ done: { files: 1 } })
    else await expect(next).rejects.toMatchObject({ code: 'HF_PLAN_UNKNOWN' })
  })
})
