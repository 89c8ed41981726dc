import { FailpointRegistry } from '@holdfast/core'
import { runUntilKilled } from '@holdfast/testkit'
import { describe, it } from 'vitest'
import { acknowledgedBy, BURST_GROUP, isKept } from './burst-plan.ts'
import { tempFolder } from './folder.ts'
import { inspect } from './inspect.ts'
import { nodeIn } from './node.ts'

const BURST = new URL('burst.ts', import.meta.url)
const SEED = 20_261_120
const KILLS = 10
const LATEST_MS = 500

/** The same delays on every run (a linear congruential generator). */
function delays(): number[] {
  let state = SEED
  return Array.from({ length: KILLS }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * LATEST_MS)
  })
}

/** What the next life finds right after its start: paths that are listed, and groups with how many files are. */
async function findings(folder: string) {
  const node = await nodeIn(folder, new FailpointRegistry()).start()
  const manifest = node.service('manifest')
  const listed = new Set(manifest.entries({ limit: 1_000_000 }).items.map(({ path }) => path as string))
  const { index } = manifest.head().position
  await node.stop()
  return { listed, index }
}

describe.concurrent('a burst of writes and deletes', { timeout: 60_000 }, () => {
  for (const after of delays())
    it(`[M-04] killed ${after} ms into it: all that was acknowledged is there, no batch in part, and the taps of all lives saw the log`, async ({
      expect,
    }) => {
      await using folder = await tempFolder()
      const outcome = await runUntilKilled(BURST, { args: [folder.path], after })
      expect(outcome).toMatchObject({ killed: true })
      const { written, deleted, index: acknowledged } = acknowledgedBy(outcome.stdout)
      const { listed, index } = await findings(folder.path)
      expect(index).toBeGreaterThanOrEqual(acknowledged)

      const groups = new Map<string, string[]>()
      for (const path of written) {
        const group = path.slice(0, path.lastIndexOf('/'))
        groups.set(group, [...(groups.get(group) ?? []), path])
      }
      for (const [group, paths] of groups) {
        const found = paths.filter((path) => listed.has(path)).length
        if (deleted.has(group)) expect([group, found]).toEqual([group, 0])
        // A deletion may have been committed and not acknowledged, but only of all three, once all were written.
        else if (isKept(group) || paths.length < BURST_GROUP.length || found > 0)
          expect([group, found]).toEqual([group, paths.length])
      }
      expect((await inspect(folder.path)).problems).toEqual([])
    })
})
