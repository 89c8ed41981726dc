import { definePlugin, type HoldfastNode, type Journal, type Plugin } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { items, jobPlugin, plugin, settle, startNode } from './support.ts'

const never = () => new Promise<never>(() => undefined)
const QUICK = { stopDeadline: 0, closeDeadline: 20 } as const
const HUNG = { status: 'aborted', code: 'HF_PLUGIN_HUNG', message: expect.stringContaining('sweep') }

const plain = () =>
  plugin('sweeper', ({ jobs }) =>
    jobs.define({ name: 'sweep', doc: 'Hangs.', action: 'condemn', run: never }),
  )

/** A journal that takes the given number of records and then hangs. */
function hangingJournal(records: number): Plugin {
  let left = records
  const journal: Journal = {
    recordRun: () => (left-- > 0 ? Promise.resolve() : never()),
    runs: async () => [],
    openRuns: async () => [],
    spool: async () => undefined,
    addPlan: async () => undefined,
    plan: async () => undefined,
    plans: async () => [],
    async *planItems() {
      yield items(1)
    },
    removePlan: async () => undefined,
  }
  return definePlugin({
    name: 'test-journal',
    id: 'journal',
    version: '1.0.0',
    api: '1.0',
    provides: ['journal'],
    setup: ({ provide }) => provide('journal', () => journal),
  })
}

const done = (files: number) => ({ done: { files, bytes: 0, rows: 0 }, skipped: {} })

describe('a job that does not heed its signal', () => {
  it.each([
    ['acts for ever', () => [jobPlugin(never)]],
    [
      'plans for ever',
      () => [jobPlugin(never, [], { plan: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }) })],
    ],
    ['is plain', () => [plain()]],
    ['has a journal that hangs at its begin', () => [hangingJournal(0), jobPlugin(async () => done(1))]],
    ['has a journal that hangs at its end', () => [hangingJournal(2), jobPlugin(never)]],
  ])('[R-10] and %s is left behind by a stop, recorded and named', async (_what, plugins) => {
    const node = await startNode(plugins(), QUICK)
    const run = node.jobs.run('sweep', { act: true })
    await settle()
    await expect(node.stop()).rejects.toMatchObject({
      code: 'HF_PLUGIN_HUNG',
      context: { plugin: 'sweeper', job: 'sweep', limit: 20 },
    })
    expect((await run).outcome).toMatchObject({ ...HUNG, reason: 'cancelled' })
    expect(node.jobs.running()).toEqual([])
  })

  it('[R-10] and waits for the stop of its own node is left behind', async () => {
    let stopped: Promise<unknown> | undefined
    const node: HoldfastNode = await startNode(
      [
        jobPlugin(async () => {
          stopped = node.stop()
          await stopped
          return done(1)
        }),
      ],
      QUICK,
    )
    expect((await node.jobs.run('sweep', { act: true })).outcome).toMatchObject(HUNG)
    await expect(stopped).rejects.toMatchObject({ code: 'HF_PLUGIN_HUNG' })
  })

  it('[R-10] ends by its time limit, and is refused until it has really ended', async () => {
    const acting = Promise.withResolvers<ReturnType<typeof done>>()
    let calls = 0
    const act = async () => (calls++ === 0 ? acting.promise : done(1))
    await using node = await startNode([jobPlugin(act, items(1), { timeout: 20 })], QUICK)
    const run = await node.jobs.run('sweep', { act: true })
    expect(run.outcome).toMatchObject({ ...HUNG, reason: 'timed_out' })
    expect(await node.jobs.history('sweep')).toEqual([run])
    expect(await node.jobs.status()).toEqual([expect.objectContaining({ running: undefined, lastRun: run })])
    await expect(node.jobs.run('sweep', { act: true })).rejects.toMatchObject({
      code: 'HF_ALREADY_RUNNING',
      context: { run: run.id },
    })
    // What it did after all is counted, in a record that has its end already.
    acting.resolve(done(1))
    await settle()
    expect(await node.jobs.history('sweep')).toEqual([
      expect.objectContaining({ outcome: run.outcome, chunks: 1 }),
    ])
    expect((await node.jobs.run('sweep', { act: true })).outcome).toEqual({ status: 'completed' })
  })

  it('[R-10] a plan that hangs is left behind and named', async () => {
    const hanging = jobPlugin(never, [], {
      timeout: 20,
      plan: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
    })
    await using node = await startNode([hanging], QUICK)
    await expect(node.jobs.plan('sweep')).rejects.toMatchObject({
      code: 'HF_PLUGIN_HUNG',
      context: { plugin: 'sweeper', job: 'sweep' },
    })
  })
})
