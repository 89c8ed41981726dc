import { type FailpointName, FailpointRegistry } from '@holdfast/core'
import { runUntilCrash } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Inspection, inspect, tempFolder } from './inspect.ts'
import { guaranteeOf, nodeIn } from './node.ts'

const REWRITE = new URL('rewrite.ts', import.meta.url)
const PATHS = ['sales/2026/01/01/00/part.txt', 'sales/2026/01/01/01/part.txt']

function startPoints(): FailpointName[] {
  const failpoints = new FailpointRegistry()
  nodeIn('nowhere', failpoints)
  return failpoints.names().filter((name) => name.startsWith('start.') || name.startsWith('owner.record.'))
}

/** Compiled sources, shared by the many lives. */
let cache: Awaited<ReturnType<typeof tempFolder>>
beforeAll(async () => {
  cache = await tempFolder()
})
afterAll(() => cache[Symbol.asyncDispose]())

const life = (folder: string, path: string, at?: FailpointName) =>
  runUntilCrash(REWRITE, {
    args: [folder, path, path],
    env: { NODE_COMPILE_CACHE: cache.path },
    ...(at && { at }),
  })

/** What a folder looks like after some lives; the digest leaves out what every life has of its own. */
async function lookOf(folder: string): Promise<Omit<Inspection, 'contentDigest'>> {
  const { contentDigest, ...look } = await inspect(folder)
  return look
}

describe.concurrent('a start that was killed', { timeout: 60_000 }, () => {
  for (const at of startPoints()) {
    it(`[${guaranteeOf(at)}] at ${at}, the very first one: the next is as good`, async ({ expect }) => {
      await using folder = await tempFolder()
      expect(await life(folder.path, PATHS[0]!, at)).toMatchObject({ crashedAt: at })
      expect(await life(folder.path, PATHS[0]!)).toMatchObject({ finished: true })
      expect(await lookOf(folder.path)).toEqual({
        stored: PATHS.slice(0, 1),
        dataDir: ['journal', 'manifest', 'node.json'],
        problems: [],
      })
    })

    // Points of what is done once in the life of a data folder.
    if (at.startsWith('start.identity') || at.startsWith('start.node')) continue
    it(`[${guaranteeOf(at)}] at ${at}, twice in a row, of a node that has files: nothing is lost, nothing is denied`, async ({
      expect,
    }) => {
      await using folder = await tempFolder()
      expect(await life(folder.path, PATHS[0]!)).toMatchObject({ finished: true })
      for (let time = 0; time < 2; time++)
        expect(await life(folder.path, PATHS[1]!, at)).toMatchObject({ crashedAt: at })
      expect(await life(folder.path, PATHS[1]!)).toMatchObject({ finished: true })
      expect(await lookOf(folder.path)).toEqual({
        stored: PATHS,
        dataDir: ['journal', 'manifest', 'node.json'],
        problems: [],
      })
      const node = await nodeIn(folder.path, new FailpointRegistry()).start()
      expect(node.service('manifest').status()).toEqual({ format: 2 })
      expect(await node.gate.check({ action: 'erase', actor: 'user' })).toMatchObject({ allowed: true })
      await node.stop()
    })
  }
})
