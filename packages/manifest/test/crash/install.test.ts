import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkDataDir, MANIFEST_FAILPOINTS } from '@holdfast/manifest'
import { runUntilCrash } from '@holdfast/testkit'
import { describe, it } from 'vitest'
import { storedRows } from '../support.ts'
import { tempFolder } from './folder.ts'
import { AFTER, BEFORE } from './installing-plan.ts'

const PROGRAM = new URL('installing.ts', import.meta.url)
const POINTS = MANIFEST_FAILPOINTS.filter((name) => name.startsWith('install.'))

/** Index of the last record that a stopped node's state has batches of: each has a row of that number. */
async function lastRecord(dataDir: string): Promise<number> {
  const db = storedRows(dataDir)
  const slots = [...db.getKeys()].filter((row) => row[0] === 's'.charCodeAt(0))
  await db.close()
  return Number(slots.at(-1)?.readBigUInt64BE(1) ?? 0)
}

describe.concurrent('a node that was killed while it took the state of another', { timeout: 60_000 }, () => {
  for (const at of POINTS)
    it(`[X-01] killed at ${at}: its state is the old one or the new one, whole`, async ({ expect }) => {
      await using folder = await tempFolder()
      const dataDir = join(folder.path, 'two')
      const skip = at.startsWith('install.page.') ? 1 : 0
      expect(await runUntilCrash(PROGRAM, { args: [folder.path], at, skip })).toMatchObject({ crashedAt: at })
      expect(await checkDataDir(dataDir)).toMatchObject({ sound: true, problems: [] })
      expect(await lastRecord(dataDir)).toBe(at === 'install.switch.after' ? AFTER : BEFORE)
    })

  it('[X-01] a run to the end passes every one of these points, and leaves one manifest', async ({
    expect,
  }) => {
    await using folder = await tempFolder()
    const outcome = await runUntilCrash(PROGRAM, { args: [folder.path] })
    expect(outcome).toMatchObject({ finished: true })
    if (!('passes' in outcome)) return
    for (const at of POINTS) expect(outcome.passes.get(at), at).toBeGreaterThan(0)
    expect(await lastRecord(join(folder.path, 'two'))).toBe(AFTER)
    expect(readdirSync(join(folder.path, 'two', 'manifest')).sort()).toEqual(['data.mdb', 'lock.mdb'])
  })
})
