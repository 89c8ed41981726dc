import type { FailpointName, Journal, PlanItem } from '@holdfast/core'
import { type CrashOutcome, runUntilCrash } from '@holdfast/testkit'
import { type Database, open } from 'lmdb'
import { afterAll, beforeAll, type ExpectStatic } from 'vitest'
import { type Folder, tempFolder } from './folder.ts'
import { ITEMS, journalOf, sweepNode } from './journal-node.ts'

const WORKLOAD = new URL('journal-workload.ts', import.meta.url)
const CHUNK = 1000
export const LIMIT_MS = 60_000

export type Kill = { readonly at?: FailpointName; readonly skip?: number }

/** Lives of a node with runs and plans, for the tests of one file, and one of them that nothing disturbed. */
export function journalLives() {
  /** Compiled sources, shared by the many lives. */
  let cache: Folder
  let reference: Extract<CrashOutcome, { finished: true }>
  let digest: string

  const live = (folder: string, kill: Kill = {}) =>
    runUntilCrash(WORKLOAD, { args: [folder], env: { NODE_COMPILE_CACHE: cache.path }, ...kill })

  beforeAll(async () => {
    cache = await tempFolder()
    await using folder = await tempFolder()
    const outcome = await live(folder.path)
    if (!('finished' in outcome)) throw new Error(`nothing was armed and it died at ${outcome.crashedAt}`)
    reference = outcome
    digest = /^planned \S+ (\S+)$/m.exec(outcome.stdout)![1]!
  }, LIMIT_MS)
  afterAll(() => cache[Symbol.asyncDispose]())

  return {
    live,
    async crash(expect: ExpectStatic, folder: string, at: FailpointName, skip = 0): Promise<string> {
      const outcome = await live(folder, { at, skip })
      expect(outcome).toEqual({ crashedAt: at, stdout: expect.any(String) })
      return outcome.stdout
    },
    /** How often a life that nothing disturbs passes a point. */
    passesOf: (at: FailpointName) => reference.passes.get(at) ?? 0,
    /** That of every plan on `ITEMS`. */
    digest: () => digest,
    expectWhole: (expect: ExpectStatic, folder: string, said: string) =>
      expectWhole(expect, folder, said, digest),
  }
}

/** What a life said after this word. */
export const saidIn = (stdout: string, word: string): string[] =>
  stdout.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.split(' ')[1]!] : []))

async function itemsOf(journal: Journal, plan: string): Promise<PlanItem[]> {
  const items: PlanItem[] = []
  for await (const page of journal.planItems(plan)) items.push(...page)
  return items
}

/** What the next life finds: nothing in part, and all that the lives before said was done. `digest` is that of every plan on `ITEMS`. */
async function expectWhole(
  expect: ExpectStatic,
  folder: string,
  said: string,
  digest: string,
): Promise<void> {
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
