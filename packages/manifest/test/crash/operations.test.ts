import { cpSync } from 'node:fs'
import { type FailpointName, FailpointRegistry } from '@holdfast/core'
import { runUntilCrash } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, type ExpectStatic, it } from 'vitest'
import { tempFolder } from './folder.ts'
import { type Inspection, inspect } from './inspect.ts'
import { nodeIn } from './node.ts'
import { OPERATIONS, prepare } from './operations.ts'

/** Many lives, perhaps on a busy machine. */
const LIMIT_MS = 240_000
const PROGRAM = new URL('operation.ts', import.meta.url)

type End = Inspection & { readonly rules: unknown }
type Folder = Awaited<ReturnType<typeof tempFolder>>

/** Points that an operation makes a difference to; those of lives, cursors and the disk have suites of their own. */
const OF_OPERATIONS = /^(manifest|job)\.|^files\.write\.(stored|listed)$/
/** The eraser does not know what has condemned a key: once is enough. */
const ERASING = 'expire'

/** Compiled sources, shared by the many lives. */
let cache: Folder
let prepared: Folder

/** A node of its own that is prepared like all the others. */
async function copy(): Promise<Folder> {
  const folder = await tempFolder()
  cpSync(prepared.path, folder.path, { recursive: true })
  return folder
}

function live(
  folder: Folder,
  operation: string,
  kill: { readonly at?: FailpointName; readonly skip?: number } = {},
) {
  const env = { NODE_COMPILE_CACHE: cache.path }
  return runUntilCrash(PROGRAM, { args: [folder.path, operation], env, ...kill })
}

/** Points that an operation passes, and how often each was passed before it. */
async function pointsOf(folder: Folder, operation: string) {
  const outcome = await live(folder, operation)
  if (!('finished' in outcome)) throw new Error(`nothing was armed and it died at ${outcome.crashedAt}`)
  const before = JSON.parse(outcome.stdout.split('\n')[0]!) as Readonly<Record<string, number>>
  return [...outcome.passes].flatMap(([at, times]) => {
    const skip = before[at] ?? 0
    const isOurs = OF_OPERATIONS.test(at) || (at.startsWith('eraser.') && operation === ERASING)
    return isOurs && times > skip ? [{ at, skip }] : []
  })
}

/**
 * Does what an interrupted caller does at last, in a life of its own: looks, and asks again if it was not done. Gives
 * the end, with what the content digest leaves out.
 */
async function endOf(
  expect: ExpectStatic,
  folder: Folder,
  operation: string,
  acknowledged: boolean,
): Promise<End> {
  const node = await nodeIn(folder.path, new FailpointRegistry()).start()
  const { ask, isDone } = OPERATIONS[operation]!
  const done = await isDone(node)
  if (acknowledged) expect(done, 'what was acknowledged').toBe(true)
  if (!done) await ask(node)
  const manifest = node.service('manifest')
  const settings = manifest.settings().items.map(({ name, value }) => [name, value])
  const rules = [manifest.holds.list(), settings, manifest.role('tester')]
  await node.stop()
  return { ...(await inspect(folder.path)), rules }
}

beforeAll(async () => {
  cache = await tempFolder()
  prepared = await tempFolder()
  const node = await nodeIn(prepared.path, new FailpointRegistry()).start()
  await prepare(node)
  await node.hooks.drain()
  await node.stop()
}, LIMIT_MS)
afterAll(async () => {
  await prepared[Symbol.asyncDispose]()
  await cache[Symbol.asyncDispose]()
})

describe.concurrent('an operation that was killed at any point that it passes, and asked for again', {
  timeout: LIMIT_MS,
}, () => {
  for (const operation of Object.keys(OPERATIONS))
    it(`[X-01] ${operation}: ends as one that nobody killed, and nothing acknowledged is lost`, async ({
      expect,
    }) => {
      await using folder = await copy()
      const points = await pointsOf(folder, operation)
      const reference = await endOf(expect, folder, operation, true)
      expect(reference.problems).toEqual([])
      expect(points.map(({ at }) => at)).toContain('manifest.commit.inside')
      for (const { at, skip } of points) {
        await using killed = await copy()
        const outcome = await live(killed, operation, { at, skip })
        expect(outcome).toEqual({ crashedAt: at, stdout: expect.any(String) })
        const acknowledged = outcome.stdout.includes('done')
        expect([at, await endOf(expect, killed, operation, acknowledged)]).toEqual([at, reference])
      }
    })
})
