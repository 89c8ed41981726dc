import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { definePlugin, FailpointRegistry, type HoldfastNode, Rendezvous } from '@holdfast/core'
import { runUntilCrash } from '@holdfast/testkit'
import { afterAll, afterEach, describe, expect, it, type TestContext } from 'vitest'
import { FENCE, listed, read, register } from '../support.ts'
import { LeapingClock, MIB, nodeOn } from './node.ts'
import { mustHave, smallDisk } from './small-disk.ts'

const LIMIT_MS = 60_000
const PROGRAM = new URL('full-program.ts', import.meta.url)

const mounted = smallDisk()
const disk = (context: TestContext) => mustHave(mounted, context)
let running: HoldfastNode | undefined

afterEach(async () => {
  await running?.stop()
  running = undefined
  if (!('none' in mounted)) mounted.clear()
})
afterAll(() => {
  if (!('none' in mounted)) mounted.remove()
})

async function start(...given: Parameters<typeof nodeOn>): Promise<HoldfastNode> {
  running = await nodeOn(...given).start()
  return running
}

/** A node whose reserve has been built. */
async function reserved(
  folder: string,
  sizes: { readonly reserve: number; readonly lowWater: number },
  plugins: Parameters<typeof nodeOn>[3] = [],
  clock?: Parameters<typeof nodeOn>[4],
) {
  const failpoints = new FailpointRegistry()
  const { promise, resolve } = Promise.withResolvers<void>()
  failpoints.arm('reserve.build.after', { kind: 'callback', call: resolve })
  const node = await start(folder, sizes, failpoints, plugins, clock)
  await promise
  return { node, failpoints, reserve: join(folder, 'data', 'reserve') }
}

describe('a disk of 64 MiB that gets full', { timeout: LIMIT_MS }, () => {
  it('[M-19] refuses new files before a byte is written, and goes on reading and deleting', async (context) => {
    const { path, fill } = disk(context)
    const clock = new LeapingClock()
    const { node, failpoints } = await reserved(path, { reserve: 4 * MIB, lowWater: 8 * MIB }, [], clock)
    await node.files.write('a/1', 'one')
    // There is room for many files of that size, but not for the deletes that will have to follow them.
    fill('foreign', 5 * MIB)
    // The disk is looked at once a second at most.
    clock.leap(1000)
    const passed = failpoints.census()
    await expect(node.files.write('a/2', 'two')).rejects.toMatchObject({ code: 'HF_NO_SPACE' })
    await expect(
      node.service('manifest').commit({ ops: [register('a/3')], fence: FENCE }),
    ).rejects.toMatchObject({ code: 'HF_NO_SPACE' })
    expect(passed.has('files.write.before')).toBe(false)
    expect(await read(node.files, 'a/1')).toBe('one')
    await node.files.delete('a/1', { delay: 0 })
    expect(await node.eraser.drain()).toMatchObject({ setAside: [], waiting: 0 })
    expect(await listed(node.files)).toEqual([])
  })

  it('[M-19] that a stranger fills to the last block takes deletes on its reserve, builds that again, and goes on writing', async (context) => {
    const { path, fill, free } = disk(context)
    const sizes = { reserve: 4 * MIB, lowWater: 2 * MIB }
    const { node, failpoints, reserve } = await reserved(path, sizes)
    for (let number = 0; number < 40; number++)
      await node.files.write(`a/${number}`, Buffer.alloc(500_000, number))
    fill('foreign')
    expect(free()).toBeLessThan(4096)
    const passed = failpoints.census()
    const rebuilt = new Rendezvous()
    failpoints.arm('reserve.build.before', { kind: 'park', rendezvous: rebuilt })
    for (let number = 0; number < 40; number++) await node.files.delete(`a/${number}`, { delay: 0 })
    expect(passed.get('reserve.release.after')).toBe(1)
    expect(await node.eraser.drain()).toMatchObject({ setAside: [], waiting: 0 })
    expect(free()).toBeGreaterThan(15 * MIB)
    await rebuilt.reached
    expect(existsSync(reserve)).toBe(false)
    const { promise, resolve } = Promise.withResolvers<void>()
    failpoints.arm('reserve.build.after', { kind: 'callback', call: resolve })
    rebuilt.release()
    await promise
    expect(existsSync(reserve)).toBe(true)
    await node.files.write('b', 'after')
    expect(await read(node.files, 'b')).toBe('after')
    expect(node.service('manifest').check()).toEqual([])
  })

  it('[M-19] erases in smaller chunks when large ones do not fit', async (context) => {
    const { path, fill } = disk(context)
    let open = false
    const gate = definePlugin({
      name: 'test-gate',
      id: 'test-gate',
      version: '1.0.0',
      api: '1.0',
      setup: ({ hooks }) =>
        hooks.gate.tap(async ({ action }) => (action === 'erase' && !open ? { deny: 'not now' } : undefined)),
    })
    const { node } = await reserved(path, { reserve: MIB / 4, lowWater: 0 }, [gate])
    const manifest = node.service('manifest')
    const keys = Array.from({ length: 3000 }, (_, number) => `${(number * 7919) % 3000}/${'x'.repeat(200)}`)
    for (let from = 0; from < keys.length; from += 500)
      await manifest.commit({ ops: keys.slice(from, from + 500).map((key) => register(key)), fence: FENCE })
    for (let from = 0; from < keys.length; from += 500)
      await manifest.commit({
        ops: manifest.entries({ limit: 500 }).items.map(({ key, generation }) => ({
          type: 'condemn',
          key,
          generation,
          delay: 0,
          reason: 'test',
        })),
        fence: FENCE,
      })
    fill('foreign')
    const before = manifest.head().position.index
    open = true
    expect(await node.eraser.drain()).toMatchObject({ setAside: [], waiting: 0 })
    expect(manifest.condemned().items).toEqual([])
    // Of 1000 ops each it would be six.
    expect(manifest.head().position.index - before).toBeGreaterThan(6)
    expect(manifest.check()).toEqual([])
  })

  it('[M-01] rejects the batch that does not fit with HF_NO_SPACE and leaves nothing of it', async (context) => {
    const { path } = disk(context)
    const node = await start(path, { reserve: 0, lowWater: 0 })
    const manifest = node.service('manifest')
    const batch = (number: number) =>
      Array.from({ length: 500 }, (_, at) => register(`${number}/${at}/${'x'.repeat(200)}`))
    let done = 0
    let error: unknown
    for (; error === undefined && done < 1000; )
      await manifest.commit({ ops: batch(done), fence: FENCE }).then(
        () => done++,
        (failed: unknown) => {
          error = failed
        },
      )
    expect(error).toMatchObject({ code: 'HF_NO_SPACE' })
    expect(manifest.head().generation).toBe(done * 500)
    expect(manifest.entries({ prefix: `${done}/` }).items).toEqual([])
    expect(manifest.check()).toEqual([])
  })

  for (const at of [
    'reserve.build.before',
    'reserve.build.after',
    'reserve.release.before',
    'reserve.release.after',
  ] as const)
    it(`[M-19] killed at ${at}, frees itself in its next life`, async (context) => {
      const { path } = disk(context)
      expect(await runUntilCrash(PROGRAM, { args: [path], at })).toMatchObject({ crashedAt: at })
      expect(await runUntilCrash(PROGRAM, { args: [path] })).toMatchObject({ finished: true })
      const node = await start(path, { reserve: 2 * MIB, lowWater: MIB })
      expect(await listed(node.files)).toEqual(['b'])
      expect(node.service('manifest').check()).toEqual([])
      expect(existsSync(join(path, 'data', 'reserve.new'))).toBe(false)
    })
})
