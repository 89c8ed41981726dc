import { cp } from 'node:fs/promises'
import { type FailpointName, FailpointRegistry } from '@holdfast/core'
import { runUntilCrash } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { tempFolder } from './folder.ts'
import { type Inspection, inspect } from './inspect.ts'
import { dataDirOf, guaranteeOf, nodeIn } from './node.ts'

const ACKNOWLEDGE = new URL('acknowledge.ts', import.meta.url)
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
        dataDir: ['journal', 'last-stop.json', 'manifest', 'node.json'],
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
        dataDir: ['journal', 'last-stop.json', 'manifest', 'node.json'],
        problems: [],
      })
      const node = await nodeIn(folder.path, new FailpointRegistry()).start()
      expect(node.service('manifest').status()).toEqual({ format: 4 })
      expect(await node.gate.check({ action: 'erase', actor: 'user' })).toMatchObject({ allowed: true })
      await node.stop()
    })
  }
})

describe.concurrent('an acknowledgement that was killed', { timeout: 60_000 }, () => {
  for (const at of [
    'acknowledge.before',
    'acknowledge.after',
    'owner.record.before',
    'owner.record.after',
  ] as const)
    it(`[B-11] at ${at}: it is repeated or was given, never half`, async ({ expect }) => {
      await using folder = await tempFolder()
      await using copy = await tempFolder()
      expect(await life(folder.path, PATHS[0]!)).toMatchObject({ finished: true })
      await cp(dataDirOf(folder.path), copy.path, { recursive: true })
      expect(await life(folder.path, PATHS[1]!)).toMatchObject({ finished: true })
      await cp(copy.path, dataDirOf(folder.path), { recursive: true })
      const acknowledge = (kill: { at?: FailpointName } = {}) =>
        runUntilCrash(ACKNOWLEDGE, {
          args: [folder.path],
          env: { NODE_COMPILE_CACHE: cache.path },
          ...kill,
        })
      expect(await acknowledge({ at })).toMatchObject({ crashedAt: at })
      const mayErase = async () => {
        const node = await nodeIn(folder.path, new FailpointRegistry()).start()
        const { allowed } = await node.gate.check({ action: 'erase', actor: 'user' })
        await node.stop()
        return allowed
      }
      expect(await mayErase()).toBe(at === 'owner.record.after')
      expect(await acknowledge()).toMatchObject({ finished: true })
      expect(await mayErase()).toBe(true)
    })
})
