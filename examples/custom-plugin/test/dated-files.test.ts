import type { HoldfastNode } from '@holdfast/core'
import { type OperatingRulesOptions, operatingRules } from '@holdfast/example-custom-plugin'
import { manifest } from '@holdfast/manifest'
import { retention } from '@holdfast/plugin-retention'
import { createTestNode, type TestNode } from '@holdfast/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'

const JOB = 'operating-rules-dated'
/** In the evening: the window of these tests opens at 22:00. */
const NOW = Date.parse('2026-06-01T21:00:00Z')
const HOUR = 3_600_000

/** The plugin in a node with the manifest, retention and its own rules, as an operator would have it. */
async function start(options: OperatingRulesOptions = {}): Promise<TestNode> {
  const test = await createTestNode({
    plugins: ({ dataDir }) => [
      manifest({ dataDir }),
      retention({ policies: [{ id: 'raw', match: '**', maxAge: '90d', minAge: 0 }] }),
      operatingRules(options),
    ],
    now: NOW,
  })
  onTestFinished(() => test[Symbol.asyncDispose]())
  return test
}

const write = (node: HoldfastNode, path: string, keepUntil?: string) =>
  node.files.write(path, path, keepUntil === undefined ? {} : { metadata: { keepUntil } })

async function listed(node: HoldfastNode): Promise<string[]> {
  const paths: string[] = []
  for await (const { path } of node.files.list()) paths.push(path)
  return paths
}

describe('files with a date of their own', () => {
  it('[R-11] go when their last day is over, and no file goes that bears none', async () => {
    const { node, clock } = await start()
    await write(node, 'a/yesterday', '2026-05-31')
    await write(node, 'a/today', '2026-06-01')
    await write(node, 'a/undated')
    await write(node, 'a/misspelt', '31.5.2026')
    const plan = await node.jobs.plan(JOB)
    expect((await plan.all()).map(({ path, reason }) => [path, reason])).toEqual([
      ['a/yesterday', 'operating-rules:keepUntil 2026-05-31'],
    ])
    expect(plan.kept).toEqual({ 'no date': 1 })
    const run = await node.jobs.run(JOB, { act: true })
    expect(run).toMatchObject({ done: { files: 1 }, outcome: { status: 'completed' } })
    await clock.advance(3 * HOUR - 1)
    expect((await node.jobs.plan(JOB)).totals.files).toBe(0)
    await clock.advance(1)
    expect((await node.jobs.plan(JOB)).totals.files).toBe(1)
    expect(await listed(node)).toEqual(['a/misspelt', 'a/today', 'a/undated'])
  })

  it('[R-16] come back by the file and by the run, as those of any job', async () => {
    const { node } = await start()
    for (const path of ['a/1', 'a/2', 'a/3']) await write(node, path, '2026-05-31')
    const { id } = await node.jobs.run(JOB, { act: true })
    expect(await listed(node)).toEqual([])
    await node.files.undo('a/2')
    expect(await node.files.undo({ run: id })).toMatchObject({ files: 2 })
    expect(await listed(node)).toEqual(['a/1', 'a/2', 'a/3'])
  })

  it('[R-18] stay while somebody holds them, and when their date has changed since the plan', async () => {
    const { node } = await start()
    for (const path of ['a/1', 'a/2', 'legal/1']) await write(node, path, '2026-05-31')
    await node.service('manifest').holds.hold({ scope: { folder: 'legal' }, owner: 'law' })
    const plan = await node.jobs.plan(JOB)
    expect(plan).toMatchObject({ totals: { files: 2 }, kept: { held: 1 } })
    await node.files.update('a/1', { metadata: { keepUntil: '2027-01-01' } })
    const run = await node.jobs.run(JOB, { plan: plan.id, act: true })
    expect(run).toMatchObject({ done: { files: 1 }, skipped: { changed: 1 } })
    expect(await listed(node)).toEqual(['a/1', 'legal/1'])
  })

  it('[G-01] obey the rules of the same plugin: outside the window nothing goes', async () => {
    const { node, clock } = await start({ maintenance: '22:00-06:00' })
    await write(node, 'a/1', '2026-05-31')
    await expect(node.jobs.run(JOB, { act: true })).rejects.toMatchObject({ code: 'HF_GATE_DENIED' })
    expect((await node.jobs.run(JOB, {})).planned.files).toBe(1)
    await clock.advance(HOUR)
    expect((await node.jobs.run(JOB, { act: true })).done.files).toBe(1)
  })

  it('[R-17] are all left when a plan takes too many, until somebody says that it is meant', async () => {
    const { node } = await start({ maxFiles: 2 })
    for (const path of ['a/1', 'a/2', 'a/3']) await write(node, path, '2026-05-31')
    const refused = await node.jobs.run(JOB, { act: true })
    expect(refused).toMatchObject({ outcome: { reason: 'over_limit' }, done: { files: 0 } })
    const { plan = '' } = refused
    expect((await node.jobs.run(JOB, { plan, override: ['files'], act: true })).done.files).toBe(3)
  })

  it('[A-02] are looked for by a schedule, beside the jobs of others', async () => {
    const { node, clock } = await start({ schedule: '30 21 * * *' })
    await write(node, 'a/1', '2026-05-31')
    const jobs = (await node.jobs.status()).map(({ job, enabled }) => [job, enabled])
    expect(jobs).toContainEqual(['retention', false])
    expect(jobs).toContainEqual([JOB, true])
    await clock.advance(HOUR)
    await expect.poll(() => listed(node)).toEqual([])
    expect(await node.jobs.history(JOB)).toMatchObject([{ actor: 'schedule', done: { files: 1 } }])
  })
})
