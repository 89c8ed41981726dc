import { MANIFEST_FAILPOINTS } from '@holdfast/manifest'
import { describe, it } from 'vitest'
import { tempFolder } from './folder.ts'
import { journalLives, LIMIT_MS, saidIn } from './journal-lives.ts'

const POINTS = MANIFEST_FAILPOINTS.filter(
  (name) => name.startsWith('journal.') && !name.startsWith('journal.compact.'),
)
const { live, crash, passesOf, expectWhole } = journalLives()

describe.concurrent('runs and plans of a node that was killed', { timeout: LIMIT_MS }, () => {
  it('[X-01] without a crash: two runs are there, and no plan', async ({ expect }) => {
    await using folder = await tempFolder()
    const outcome = await live(folder.path)
    expect(saidIn(outcome.stdout, 'ran')).toHaveLength(2)
    expect(saidIn(outcome.stdout, 'removed')).toHaveLength(1)
    await expectWhole(expect, folder.path, outcome.stdout)
  })

  for (const at of POINTS)
    it(`[X-01] killed at ${at}, its first, middle and last pass`, async ({ expect }) => {
      const times = passesOf(at)
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
