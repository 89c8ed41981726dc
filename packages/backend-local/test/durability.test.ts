import { existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { FailpointRegistry, Rendezvous } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { bytes, keysOf, tempRoot } from './temp-root.ts'
import { errno, watchSyncs } from './watched-syncs.ts'

describe('durable before it is acknowledged', () => {
  it('[B-08] the file, its folder, every new folder and the folder above those are synced before a write returns', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    using watched = await watchSyncs()
    await backend.write('a/b/c/key', bytes('x'))
    for (const path of ['', 'a', 'a/b', 'a/b/c', 'a/b/c/key'])
      expect(watched.has(join(temp.root, path))).toBe(true)
  })

  it('[B-08] the file is synced before it has a name, its folder after', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    const path = join(temp.root, 'a/key')
    const named: boolean[] = []
    using watched = await watchSyncs(() => void named.push(existsSync(path)))
    await backend.write('a/key', bytes('x'))
    const [file, ...folders] = watched.syncs
    expect(file?.ino).toBe(lstatSync(path).ino)
    expect(folders.map(({ ino }) => ino)).toContain(lstatSync(join(temp.root, 'a')).ino)
    expect(named).toEqual([false, ...folders.map(() => true)])
  })

  it('[B-08] folders that an earlier process made are synced by the first write of this one', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    mkdirSync(join(temp.root, 'a/b'), { recursive: true })
    using watched = await watchSyncs()
    await backend.write('a/b/first', bytes('x'))
    for (const path of ['', 'a', 'a/b']) expect(watched.has(join(temp.root, path))).toBe(true)
    watched.clear()
    await backend.write('a/b/second', bytes('x'))
    expect(watched.syncs).toHaveLength(2)
  })

  it('[B-08] a folder that was removed and made again is synced again', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    await backend.write('a/b/key', bytes('x'))
    await backend.delete([{ key: 'a/b/key' }])
    using watched = await watchSyncs()
    await backend.write('a/b/key', bytes('x'))
    for (const path of ['', 'a', 'a/b']) expect(watched.has(join(temp.root, path))).toBe(true)
  })

  it('[B-08] concurrent writes to one folder share its syncs, and none returns before one that saw its name', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    await backend.write('a/first', bytes('x'))
    const folder = join(temp.root, 'a')
    const { ino } = lstatSync(folder)
    const seen: Set<string>[] = []
    using watched = await watchSyncs((at) => {
      if (at === ino) seen.push(new Set(readdirSync(folder)))
    })
    const write = async (name: string) => {
      await backend.write(`a/${name}`, bytes('x'))
      const ended = watched.syncs.filter((sync) => sync.ino === ino).map(({ done }) => done)
      expect(seen.some((names, i) => ended[i] && names.has(name))).toBe(true)
    }
    await Promise.all(Array.from({ length: 64 }, (_, i) => write(`key-${i}`)))
    expect(seen.length).toBeLessThan(64)
  })

  it('[B-08] a write does not lean on a folder sync that began before its file had a name', async () => {
    await using temp = await tempRoot()
    const failpoints = new FailpointRegistry()
    const backend = await temp.open({ failpoints })
    await backend.write('a/first', bytes('x'))
    const { ino } = lstatSync(join(temp.root, 'a'))
    const [running, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    using watched = await watchSyncs(async (at) => {
      if (at !== ino) return
      running.resolve()
      await released.promise
    })
    const early = backend.write('a/early', bytes('x'))
    await running.promise
    const rendezvous = new Rendezvous()
    using _ = failpoints.arm('local.write.linked', { kind: 'park', rendezvous })
    const late = backend.write('a/late', bytes('x'))
    await rendezvous.reached
    rendezvous.release()
    // The late one goes on to its folder's sync before the early one's ends.
    await backend.stat('a/first')
    await backend.stat('a/first')
    released.resolve()
    await Promise.all([early, late])
    expect(watched.syncs.filter((sync) => sync.ino === ino)).toHaveLength(2)
  })

  it('[B-08] a delete syncs each folder that is left once, however many keys it held', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    const keys = ['a/1', 'a/2', 'a/3', 'b/c/1', 'b/c/2']
    for (const key of [...keys, 'a/stays']) await backend.write(key, bytes('x'))
    using watched = await watchSyncs()
    await backend.delete(keys.map((key) => ({ key })))
    const paths = ['a', ''].map((path) => lstatSync(join(temp.root, path)).ino)
    expect(watched.syncs.map(({ ino }) => ino).sort()).toEqual(paths.sort())
  })

  it('[B-08] a delete of what is missing syncs too: whoever unlinked it may have died before its sync', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    await backend.write('a/stays', bytes('x'))
    using watched = await watchSyncs()
    await backend.delete([{ key: 'a/missing' }])
    expect(watched.has(join(temp.root, 'a'))).toBe(true)
  })

  it('[B-02] a source that gives more than it announced is left at once', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    let ended = false
    async function* endless() {
      try {
        for (;;) yield bytes('piece')
      } finally {
        ended = true
      }
    }
    await expect(backend.write('key', endless(), { size: 12 })).rejects.toMatchObject({ kind: 'invalid' })
    expect(ended).toBe(true)
  })

  it('[B-02] a write whose folder cannot be synced fails and takes its name back', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    await backend.write('a/other', bytes('x'))
    const { ino } = lstatSync(join(temp.root, 'a'))
    {
      let failing = true
      using _ = await watchSyncs((at) => {
        if (at !== ino || !failing) return
        failing = false
        throw errno('EIO')
      })
      await expect(backend.write('a/key', bytes('x'))).rejects.toMatchObject({ kind: 'unavailable' })
    }
    expect(await keysOf(backend)).toEqual(['a/other'])
    expect(await temp.litter()).toEqual([])
  })

  it('[B-05] keys of a folder that cannot be synced fail, those of other folders are gone', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    for (const key of ['a/1', 'a/stays', 'b/1', 'b/stays']) await backend.write(key, bytes('x'))
    const { ino } = lstatSync(join(temp.root, 'a'))
    using _ = await watchSyncs((at) => {
      if (at === ino) throw errno('EIO')
    })
    expect(await backend.delete([{ key: 'a/1' }, { key: 'b/1' }])).toMatchObject([
      { key: 'a/1', status: 'failed', error: { code: 'HF_BACKEND', kind: 'unavailable', retryable: true } },
      { key: 'b/1', status: 'gone' },
    ])
  })

  it.each([
    ['EACCES', 'permission', false],
    ['EPERM', 'permission', false],
    ['EROFS', 'permission', false],
    ['ENOSPC', 'no_space', false],
    ['EDQUOT', 'no_space', false],
    ['EMFILE', 'unavailable', true],
    ['EIO', 'unavailable', true],
    ['EXDEV', 'unsupported', false],
    ['ENAMETOOLONG', 'invalid', false],
    ['EWHATEVER', 'internal', false],
  ])('[B-06] the errno %s is kind %s, retryable %s', async (code, kind, retryable) => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    using _ = await watchSyncs(() => {
      throw errno(code)
    })
    const expected = { code: 'HF_BACKEND', kind, retryable, context: { key: 'key' }, cause: { code } }
    await expect(backend.write('key', bytes('x'))).rejects.toMatchObject(expected)
    expect(await temp.litter()).toEqual([])
  })
})
