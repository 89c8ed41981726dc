import { type Limits, type PlanItem, type PlannedJob, totalsOf } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { items, jobPlugin, startNode } from './support.ts'

/** Files of several namespaces: how many there are of each, and how many the plan takes. */
async function limited(limits: Limits, namespaces: Readonly<Record<string, { takes: number; of?: number }>>) {
  let acted = 0
  const act: PlannedJob<unknown>['act'] = async (chunk) => {
    acted += chunk.length
    return { done: totalsOf(chunk), skipped: {} }
  }
  const plan: PlannedJob<unknown>['plan'] = async function* (_request, { population }) {
    for (const [namespace, { takes, of }] of Object.entries(namespaces)) {
      if (of !== undefined) population(namespace, of)
      yield items(takes).map((item): PlanItem => ({ ...item, namespace }))
    }
  }
  const node = await startNode([jobPlugin(act, [], { plan, limits })])
  const audit: { audit: string }[] = []
  node.audit.on((event) => audit.push(event))
  return { node, audit, acted: () => acted }
}

describe('limits', () => {
  it.each<[string, Limits, Record<string, { takes: number; of?: number }>, object[]]>([
    ['files', { files: 10 }, { a: { takes: 10 } }, []],
    ['files', { files: 9 }, { a: { takes: 10 } }, [{ limit: 'files', planned: 10, allowed: 9 }]],
    ['files', { files: 0 }, { a: { takes: 1 } }, [{ limit: 'files', planned: 1, allowed: 0 }]],
    ['files', { files: 'off' }, { a: { takes: 1 } }, []],
    ['bytes', { bytes: 100 }, { a: { takes: 10 } }, []],
    ['bytes', { bytes: 99 }, { a: { takes: 10 } }, [{ limit: 'bytes', planned: 100, allowed: 99 }]],
    // 0.29 * 100 is less than 29 to a machine.
    ['share', { share: 0.29, shareFrom: 1 }, { a: { takes: 29, of: 100 } }, []],
    [
      'share',
      { share: 0.29 },
      { a: { takes: 291, of: 1000 }, b: { takes: 500, of: 501 }, c: { takes: 1, of: 10_000 } },
      [{ limit: 'share', planned: 500, allowed: 145, namespace: 'b', namespaces: 2 }],
    ],
    ['share of few files', { share: 0.1 }, { a: { takes: 99, of: 99 } }, []],
    [
      'share from a number of its own',
      { share: 0.1, shareFrom: 2 },
      { a: { takes: 2, of: 10 } },
      [{ limit: 'share', planned: 2, allowed: 1, namespace: 'a', namespaces: 1 }],
    ],
    [
      'share of a namespace that nobody counted',
      { share: 1 },
      { a: { takes: 100 } },
      [{ limit: 'share', planned: 100, allowed: 0, namespace: 'a', namespaces: 1 }],
    ],
    ['emptiness', { emptiness: 'refuse' }, { a: { takes: 9, of: 10 }, b: { takes: 0, of: 0 } }, []],
    [
      'emptiness',
      { emptiness: 'refuse' },
      { a: { takes: 10, of: 10 }, b: { takes: 1, of: 2 } },
      [{ limit: 'emptiness', planned: 10, allowed: 9, namespace: 'a', namespaces: 1 }],
    ],
  ])('[R-17] %s: %o of %o', async (_what, limits, namespaces, over) => {
    const { node, acted, audit } = await limited(limits, namespaces)
    await using _ = node
    expect((await node.jobs.plan('sweep')).overLimit).toEqual(over)
    const run = await node.jobs.run('sweep', { act: true })
    expect(run.overLimit).toEqual(over)
    const refused = over.length > 0
    expect(run.outcome).toMatchObject(
      refused ? { status: 'aborted', reason: 'over_limit' } : { status: 'completed' },
    )
    expect(acted()).toBe(refused ? 0 : run.planned.files)
    expect(audit.filter((event) => event.audit === 'over_limit')).toMatchObject(
      refused ? [{ limits: over, plan: run.plan }] : [],
    )
  })

  it('[R-17] a request makes limits tighter, never looser', async () => {
    const { node } = await limited({ files: 10, share: 0.5, shareFrom: 5 }, { a: { takes: 10, of: 20 } })
    await using _ = node
    const over = async (limits: Limits) =>
      (await node.jobs.run('sweep', { act: true, limits })).overLimit.map(({ limit }) => limit)
    expect(await over({})).toEqual([])
    expect(await over({ files: 9 })).toEqual(['files'])
    expect(await over({ share: 0.4, shareFrom: 1000, emptiness: 'refuse' })).toEqual(['share'])
    expect((await node.jobs.plan('sweep', { limits: { files: 1 } })).overLimit).toHaveLength(1)
    const { node: strict } = await limited({ files: 5 }, { a: { takes: 10 } })
    await using _strict = strict
    expect((await strict.jobs.run('sweep', { act: true, limits: { files: 100 } })).outcome).toMatchObject({
      reason: 'over_limit',
    })
  })

  it('[R-17] the way over a limit is its plan with the limit by name', async () => {
    const { node, acted } = await limited({ files: 5, bytes: 5 }, { a: { takes: 10 } })
    await using _ = node
    const refused = await node.jobs.run('sweep', { act: true })
    await expect(node.jobs.run('sweep', { act: true, override: ['files'] } as object)).rejects.toMatchObject({
      code: 'HF_REQUEST_INVALID',
    })
    const plan = refused.plan!
    const half = await node.jobs.run('sweep', { plan, override: ['files'], act: true })
    expect(half.outcome).toMatchObject({ reason: 'over_limit', message: expect.stringContaining('bytes') })
    expect(acted()).toBe(0)
    const run = await node.jobs.run('sweep', { plan, override: ['files', 'bytes'], act: true })
    expect(run).toMatchObject({ outcome: { status: 'completed' }, override: ['files', 'bytes'] })
    expect(acted()).toBe(10)
  })

  it('[R-17] a limit is judged on the whole plan, whatever the cap', async () => {
    const { node, acted } = await limited({ files: 5 }, { a: { takes: 10 } })
    await using _ = node
    const run = await node.jobs.run('sweep', { act: true, cap: 1 })
    expect(run).toMatchObject({ outcome: { reason: 'over_limit' }, capHit: false })
    expect(acted()).toBe(0)
  })

  it('[R-14] a dry run over a limit completes and says so', async () => {
    const { node } = await limited({ files: 5 }, { a: { takes: 10 } })
    await using _ = node
    expect(await node.jobs.run('sweep', {})).toMatchObject({
      outcome: { status: 'completed' },
      overLimit: [{ limit: 'files' }],
    })
  })

  it.each<[string, unknown]>([
    ['a share that is a text', { share: '0.01' }],
    ['a share of null', { share: null }],
    ['a share of NaN', { share: Number.NaN }],
    ['bytes as a text', { bytes: '10' }],
    ['files of null', { files: null }],
    ['half a file', { files: 0.5 }],
    ['shareFrom off', { shareFrom: 'off' }],
    ['a name that is no limit', { maxFiles: 1 }],
    ['a number', 5],
    ['a list', [1]],
    ['null', null],
  ])('[R-17] %s is refused, in a request and in a job', async (_what, limits) => {
    const { node, acted } = await limited({}, { a: { takes: 10, of: 20 } })
    await using _ = node
    const refused = { code: 'HF_REQUEST_INVALID', message: expect.stringContaining('limits') }
    await expect(node.jobs.run('sweep', { act: true, limits } as object)).rejects.toMatchObject(refused)
    await expect(node.jobs.plan('sweep', { limits } as object)).rejects.toMatchObject(refused)
    expect(acted()).toBe(0)
    await expect(limited(limits as Limits, { a: { takes: 1 } })).rejects.toMatchObject({
      code: 'HF_ASSEMBLY_INVALID',
      message: expect.stringContaining('limits'),
    })
  })

  it("[R-17] a job's own shareFrom holds, and a request can only lower it", async () => {
    const { node } = await limited({ share: 0.1, shareFrom: 1000 }, { a: { takes: 200, of: 400 } })
    await using _ = node
    const over = async (limits: Limits) => (await node.jobs.plan('sweep', { limits })).overLimit.length
    expect(await over({})).toBe(0)
    expect(await over({ shareFrom: 2000 })).toBe(0)
    expect(await over({ shareFrom: 200 })).toBe(1)
  })

  it.each<[string, object]>([
    ['no size', { size: undefined }],
    ['a size that is NaN', { size: Number.NaN }],
    ['a size below 0', { size: -1 }],
    ['a size as a text', { size: '10' }],
    ['rows that are NaN', { rows: Number.NaN }],
    ['no generation', { generation: undefined }],
    ['no key', { key: undefined }],
    ['no namespace', { namespace: undefined }],
  ])('[R-17] an item with %s does not pass a limit: there is no plan of it', async (_what, part) => {
    let acted = 0
    const act: PlannedJob<unknown>['act'] = async (chunk) => {
      acted++
      return { done: totalsOf(chunk), skipped: {} }
    }
    const bad = items(10).map((item) => ({ ...item, ...part }) as PlanItem)
    await using node = await startNode([jobPlugin(act, bad, { limits: { bytes: 1 } })])
    const why = { code: 'HF_PLUGIN_FAILED', message: expect.stringContaining('job sweep') }
    await expect(node.jobs.plan('sweep')).rejects.toMatchObject(why)
    expect((await node.jobs.run('sweep', { act: true })).outcome).toMatchObject({ status: 'aborted', ...why })
    expect(acted).toBe(0)
  })

  it.each([Number.POSITIVE_INFINITY, Number.NaN, -1])(
    '[R-17] a population of %s files is refused',
    async (of) => {
      const { node } = await limited({ share: 0.1 }, { a: { takes: 100, of } })
      await using _ = node
      await expect(node.jobs.plan('sweep')).rejects.toMatchObject({ code: 'HF_PLUGIN_FAILED' })
    },
  )
})
