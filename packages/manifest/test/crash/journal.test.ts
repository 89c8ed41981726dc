import { cpSync, readdirSync } from 'node:fs'
import type { FailpointName, Journal, PlanItem } from '@holdfast/core'
import { MANIFEST_FAILPOINTS } from '@holdfast/manifest'
import { type CrashOutcome, runUntilCrash } from '@holdfast/testkit'
import { type Database, open } from 'lmdb'
import { afterAll, beforeAll, describe, type ExpectStatic, it } from 'vitest'
import { tempFolder } from './inspect.ts'
import { ITEMS, journalOf, sweepNode } from './journal-node.ts'
import { dataDirOf } from './node.ts'

const WORKLOAD = new URL('journal-workload.ts', import.meta.url)
const COMPACTION = new URL('journal-compaction.ts', import.meta.url)
const LIMIT_MS = 60_000
const CHUNK = 1000

const POINTS = MANIFEST_FAILPOINTS.filter((name) => name.startsWith('journal.'))
const COMPACTING = POINTS.filter((name) => name.startsWith('journal.compact.'))

type Folder = Awaited<ReturnType<typeof tempFolder>>
type Kill = { readonly at?: FailpointName; readonly skip?: number }

/** Compiled sources, shared by the many lives. */
let cache: Folder
/** What a run that nothing disturbed says and passes. */
let reference: Extract<CrashOutcome, { finished: true }>
/** That of every plan on `ITEMS`. */
let digest: string

function live(folder: string, kill: Kill = {}) {
  return runUntilCrash(WORKLOAD, { args: [folder], env: { NODE_COMPILE_CACHE: cache.path }, ...kill })
}

async function crash(expect: ExpectStatic, folder: string, at: FailpointName, skip = 0): Promise<string> {
  const outcome = await live(folder, { at, skip })
  expect(outcome).toEqual({ crashedAt: at, stdout: expect.any(String) })
  return outcome.stdout
}

const saidIn = (stdout: string, word: string): string[] =>
  stdout.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.split(' ')[1]!] : []))

async function itemsOf(journal: Journal, plan: string): Promise<PlanItem[]> {
  const items: PlanItem[] = []
  for await (const page of journal.planItems(plan)) items.push(...page)
  return items
}

/** What the next life finds: nothing in part, and all that the lives before said was done. */
async function expectWhole(expect: ExpectStatic, folder: string, said: string): Promise<void> {
  await using node = await sweepNode(folder).start()
  const journal = node.service('journal')
  const plans = (await journal.plans()).map(({ id }) => id)
  for (const id of plans) {
    expect(await journal.plan(id)).toMatchObject({ totals: { files: ITEMS.length }, digest })
    expect(await itemsOf(journal, id)).toEqual(ITEMS)
  }
  const removing = saidIn(said, 'removing')
  for (const id of saidIn(said, 'planned')) if (!removing.includes(id)) expect(plans).toContain(id)
  for (const id of saidIn(said, 'removed')) expect(plans).not.toContain(id)

  expect(await journal.openRuns()).toEqual([])
  const runs = new Map((await journal.runs('sweep')).map((run) => [run.id, run]))
  const chunks = saidIn(said, 'chunk')
  const begun = (id: string) => chunks.filter((run) => run === id).length
  for (const id of chunks) expect([...runs.keys()]).toContain(id)
  for (const [id, { outcome, done, chunks }] of runs) {
    expect(done.files).toBe(Math.min(chunks * CHUNK, ITEMS.length))
    // A chunk begins when the one before it is written down.
    expect([begun(id) - 1, begun(id)]).toContain(chunks)
    if (saidIn(said, 'ran').includes(id)) expect(outcome?.status).toBe('completed')
    else if (outcome?.status === 'completed') expect(done.files).toBe(ITEMS.length)
    else expect(outcome).toMatchObject({ status: 'aborted', reason: 'unknown' })
  }

  for (const plan of plans)
    expect(await node.jobs.run('sweep', { plan, act: true })).toMatchObject({
      outcome: { status: 'completed' },
      done: { files: ITEMS.length },
    })
  await node.stop()
  expect(await strayRows(folder, plans)).toEqual([])
}

/** Rows of items that belong to no plan, and of runs that are open. */
async function strayRows(folder: string, plans: readonly string[]): Promise<string[]> {
  const path = journalOf(folder)
  const db: Database<Buffer, Buffer> = open({ path, keyEncoding: 'binary', encoding: 'binary' })
  const rows = [...db.getKeys()].map((row) => row.toString('latin1'))
  await db.close()
  return rows.filter(
    (row) => row.startsWith('O') || (row.startsWith('I') && !plans.includes(row.slice(1, 27))),
  )
}

beforeAll(async () => {
  cache = await tempFolder()
  await using folder = await tempFolder()
  const outcome = await live(folder.path)
  if (!('finished' in outcome)) throw new Error(`nothing was armed and it died at ${outcome.crashedAt}`)
  reference = outcome
  digest = /^planned \S+ (\S+)$/m.exec(outcome.stdout)![1]!
}, LIMIT_MS)
afterAll(() => cache[Symbol.asyncDispose]())

describe.concurrent('runs and plans of a node that was killed', { timeout: LIMIT_MS }, () => {
  it('[X-01] without a crash: two runs are there, and no plan', async ({ expect }) => {
    await using folder = await tempFolder()
    const outcome = await live(folder.path)
    expect(saidIn(outcome.stdout, 'ran')).toHaveLength(2)
    expect(saidIn(outcome.stdout, 'removed')).toHaveLength(1)
    await expectWhole(expect, folder.path, outcome.stdout)
  })

  for (const at of POINTS.filter((name) => !COMPACTING.includes(name)))
    it(`[X-01] killed at ${at}, its first, middle and last pass`, async ({ expect }) => {
      const times = reference.passes.get(at) ?? 0
      expect(times).toBeGreaterThan(0)
      for (const skip of new Set([0, Math.floor(times / 2), times - 1])) {
        await using folder = await tempFolder()
        await expectWhole(expect, folder.path, await crash(expect, folder.path, at, skip))
      }
    })

  it('[X-01] killed in the middle of a plan, and again while the next start removes what is there of it', async ({
    expect,
  }) => {
    await using folder = await tempFolder()
    const said = await crash(expect, folder.path, 'journal.spool.after', 1)
    for (const at of ['journal.open.after', 'journal.remove.before', 'journal.remove.unlisted'] as const)
      expect(await crash(expect, folder.path, at)).toBe('')
    await expectWhole(expect, folder.path, said)
  })
})

describe('a journal whose compaction was killed', () => {
  let prepared: Folder
  let said: string
  beforeAll(async () => {
    prepared = await tempFolder()
    const { stdout } = await live(prepared.path)
    const node = await sweepNode(prepared.path).start()
    const ids: string[] = []
    for (let count = 0; count < 5; count++) ids.push((await node.jobs.plan('sweep')).id)
    for (const id of ids.slice(1)) await node.service('journal').removePlan(id)
    await node.stop()
    said = `${stdout}planned ${ids[0]} ${digest}\n`
  }, LIMIT_MS)
  afterAll(() => prepared[Symbol.asyncDispose]())

  async function compacted(folder: Folder, kill: Kill = {}) {
    cpSync(prepared.path, folder.path, { recursive: true })
    return runUntilCrash(COMPACTION, { args: [journalOf(folder.path)], ...kill })
  }

  it.concurrent('[X-01] without a crash: it is compacted', async ({ expect }) => {
    await using folder = await tempFolder()
    expect(await compacted(folder)).toMatchObject({ finished: true, stdout: 'true\n' })
    await expectWhole(expect, folder.path, said)
  })

  for (const at of COMPACTING)
    it.concurrent(`[X-01] killed at ${at}`, async ({ expect }) => {
      await using folder = await tempFolder()
      expect(await compacted(folder, { at })).toMatchObject({ crashedAt: at })
      await expectWhole(expect, folder.path, said)
      expect(readdirSync(dataDirOf(folder.path)).filter((name) => name.startsWith('journal'))).toEqual([
        'journal',
      ])
    })
})
