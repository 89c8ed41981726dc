import { cpSync, readdirSync } from 'node:fs'
import { MANIFEST_FAILPOINTS } from '@holdfast/manifest'
import { runUntilCrash } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Folder, tempFolder } from './folder.ts'
import { journalLives, type Kill, LIMIT_MS } from './journal-lives.ts'
import { journalOf, sweepNode } from './journal-node.ts'
import { dataDirOf } from './node.ts'

const COMPACTION = new URL('journal-compaction.ts', import.meta.url)
const COMPACTING = MANIFEST_FAILPOINTS.filter((name) => name.startsWith('journal.compact.'))
const { live, digest, expectWhole } = journalLives()

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
    said = `${stdout}planned ${ids[0]} ${digest()}\n`
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
