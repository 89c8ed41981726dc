import { type FailpointName, FailpointRegistry } from '@holdfast/core'
import { type CrashOutcome, runUntilCrash } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, type ExpectStatic, it } from 'vitest'
import { tempFolder } from './folder.ts'
import { type Inspection, inspect } from './inspect.ts'
import { guaranteeOf, nodeIn } from './node.ts'
import {
  AGAIN,
  acknowledged,
  COMPACTED,
  contentOf,
  EXPIRED,
  FILES,
  type Found,
  foundIn,
  LATER,
  NOW,
  OVERWRITTEN,
  UNDONE,
} from './plan.ts'

const PASSES = ['first', 'later', 'last'] as const

/** Each of these runs takes about a second; many run at once, perhaps on a busy machine. */
const LIMIT_MS = 60_000

const WORKLOAD = new URL('workload.ts', import.meta.url)

type Passes = Extract<CrashOutcome, { finished: true }>['passes']

/** Compiled sources, shared by the many lives: a start costs half as much. */
let cache: Awaited<ReturnType<typeof tempFolder>>

/** A run that nothing disturbed: what every other run must end in. */
let reference: Inspection
let passes: Passes

function catalogue(): FailpointName[] {
  const failpoints = new FailpointRegistry()
  nodeIn('nowhere', failpoints)
  // Those of the journal, of truncation and of installs have suites of their own; the end of these runs is judged by the whole log.
  return failpoints.names().filter((name) => !/^(journal|log\.truncate|install)\./.test(name))
}

function live(folder: string, kill: { readonly at?: FailpointName; readonly skip?: number } = {}) {
  return runUntilCrash(WORKLOAD, { args: [folder], env: { NODE_COMPILE_CACHE: cache.path }, ...kill })
}

async function crash(expect: ExpectStatic, folder: string, at: FailpointName, skip = 0): Promise<string> {
  const outcome = await live(folder, { at, skip })
  expect(outcome).toEqual({ crashedAt: at, stdout: expect.any(String) })
  return outcome.stdout
}

async function runToTheEnd(expect: ExpectStatic, folder: string): Promise<Found> {
  const outcome = await live(folder)
  expect(outcome).toMatchObject({ finished: true })
  return foundIn(outcome.stdout)
}

/** All that the lives before said was done is what the next one found. */
function expectNothingLost(expect: ExpectStatic, said: string, { listed, condemned }: Found): void {
  for (const [path, known] of acknowledged(said)) {
    if (known === 'under way') continue
    const size = known === 'not listed' ? undefined : contentOf(path, known.version).length
    expect([path, listed[path]]).toEqual([path, size])
    if (known === 'not listed' && LATER.includes(path) && path !== UNDONE) expect(condemned).toContain(path)
  }
}

beforeAll(async () => {
  cache = await tempFolder()
  await using folder = await tempFolder()
  const outcome = await live(folder.path)
  if (!('finished' in outcome)) throw new Error(`nothing was armed and it died at ${outcome.crashedAt}`)
  passes = outcome.passes
  reference = await inspect(folder.path)
}, LIMIT_MS)
afterAll(() => cache[Symbol.asyncDispose]())

describe.concurrent('a node that was killed goes on to the end that it would have reached', {
  timeout: LIMIT_MS,
}, () => {
  it('[X-01] the run without a crash is sound, and says so itself', ({ expect }) => {
    expect(reference.problems).toEqual([])
    const kept = FILES.filter(
      (path) => !EXPIRED.includes(path) && !NOW.includes(path) && path !== COMPACTED[1],
    )
    // Of those that were written anew or over, the old bytes of one each are gone.
    expect(reference.stored).toEqual([...kept, ...AGAIN, OVERWRITTEN[1]].sort())
  })

  for (const at of catalogue()) {
    // Passed only on a full disk (test/disk), only when there is something to recover (below), or once in a life (below,
    // and start.test.ts).
    if (/^(reserve|mark|recovery|start|acknowledge)\./.test(at)) continue
    // The last files that are written take the place of others.
    for (const which of at.startsWith('files.') ? PASSES : PASSES.slice(0, 2))
      it(`[${guaranteeOf(at)}] killed at ${at}, its ${which} pass`, async ({ expect }) => {
        const times = passes.get(at) ?? 0
        expect(times).toBeGreaterThan(1)
        await using folder = await tempFolder()
        const said = await crash(
          expect,
          folder.path,
          at,
          { first: 0, later: Math.floor(times / 2), last: times - 1 }[which],
        )
        const found = await runToTheEnd(expect, folder.path)
        expectNothingLost(expect, said, found)
        expect(await inspect(folder.path)).toEqual(reference)
      })
  }

  for (const at of catalogue().filter((name) => name.startsWith('mark.')))
    it(`[${guaranteeOf(at)}] killed at ${at}, in the first life and in the second`, async ({ expect }) => {
      await using folder = await tempFolder()
      const first = await crash(expect, folder.path, at)
      const second = await crash(expect, folder.path, at)
      const found = await runToTheEnd(expect, folder.path)
      expectNothingLost(expect, first + second, found)
      expect(await inspect(folder.path)).toEqual(reference)
    })

  for (const at of catalogue().filter((name) => name.startsWith('recovery.')))
    it(`[${guaranteeOf(at)}] killed at files.write.stored, and again at ${at}`, async ({ expect }) => {
      await using folder = await tempFolder()
      const said = await crash(expect, folder.path, 'files.write.stored', 7)
      await crash(expect, folder.path, at)
      const found = await runToTheEnd(expect, folder.path)
      expectNothingLost(expect, said, found)
      expect(await inspect(folder.path)).toEqual(reference)
    })

  it('[X-11] killed at files.write.stored, and at both ends of recovery, one life each', async ({
    expect,
  }) => {
    await using folder = await tempFolder()
    const said = await crash(expect, folder.path, 'files.write.stored')
    await crash(expect, folder.path, 'recovery.before')
    await crash(expect, folder.path, 'recovery.after')
    const found = await runToTheEnd(expect, folder.path)
    expectNothingLost(expect, said, found)
    expect(await inspect(folder.path)).toEqual(reference)
  })
})
