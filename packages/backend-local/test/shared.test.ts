import { lstatSync } from 'node:fs'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { backendLocal, openLocalBackend } from '@holdfast/backend-local'
import { createNode, FailpointRegistry, Rendezvous } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { bytes, readText, tempRoot } from './temp-root.ts'
import { watchSyncs } from './watched-syncs.ts'

const HOUR = 60 * 60

describe('a root that nodes share', () => {
  it('[B-08] is said to be so; alone it is the default', async () => {
    await using temp = await tempRoot()
    expect((await temp.open()).topology).toBe('local')
    const plugins = [backendLocal({ root: temp.root, topology: 'shared' })]
    await using node = await createNode({ id: 'n', plugins, log: 'silent' }).start()
    expect(node.service('backend').topology).toBe('shared')
  })

  it('[B-02] keeps the write of another node that is under way when one starts', async () => {
    await using temp = await tempRoot()
    const failpoints = new FailpointRegistry()
    const backend = await temp.open({ topology: 'shared', failpoints })
    const rendezvous = new Rendezvous()
    using _ = failpoints.arm('local.write.temp', { kind: 'park', rendezvous })
    const writing = backend.write('key', bytes('x'))
    await rendezvous.reached
    const other = await temp.open({ topology: 'shared' })
    rendezvous.release()
    await writing
    expect(await readText(other, 'key')).toBe('x')
  })

  it('[B-02] loses what a crash left there a day ago at the next start', async () => {
    await using temp = await tempRoot()
    await temp.open({ topology: 'shared' })
    const now = Date.now() / 1000
    for (const [name, age] of [
      ['old', 25],
      ['young', 23],
    ] as const) {
      const path = join(temp.root, '.holdfast/tmp', name)
      await writeFile(path, 'x')
      await utimes(path, now - age * HOUR, now - age * HOUR)
    }
    await temp.open({ topology: 'shared' })
    expect(await temp.litter()).toEqual(['young'])
    await temp.open()
    expect(await temp.litter()).toEqual([])
  })

  it('[B-08] a folder that another node may have made anew is synced by every write', async () => {
    await using temp = await tempRoot()
    const backend = await openLocalBackend({ root: temp.root, topology: 'shared' })
    await backend.write('a/b/first', bytes('x'))
    const other = await openLocalBackend({ root: temp.root, topology: 'shared' })
    await other.delete([{ key: 'a/b/first' }])
    await other.write('a/b/second', bytes('x'))
    using watched = await watchSyncs()
    await backend.write('a/b/third', bytes('x'))
    for (const path of ['', 'a', 'a/b']) expect(watched.has(join(temp.root, path))).toBe(true)
    expect(lstatSync(join(temp.root, 'a/b/third')).isFile()).toBe(true)
  })
})
