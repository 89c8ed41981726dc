import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLocalBackend } from '@holdfast/backend-local'
import type { Backend } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { foldingDisk, type Mount, mustHave, tmpfs } from './mounts.ts'
import { bytes, keysOf, readText } from './temp-root.ts'

const REFUSED = { code: 'HF_BACKEND', kind: 'unavailable', retryable: true }

async function expectRefusals(backend: Backend): Promise<void> {
  await expect(backend.write('folder/other', bytes('x'))).rejects.toMatchObject(REFUSED)
  await expect(backend.delete([{ key: 'folder/key' }])).rejects.toMatchObject(REFUSED)
  await expect(backend.stat('folder/key')).rejects.toMatchObject(REFUSED)
  await expect(backend.read('folder/key')).rejects.toMatchObject(REFUSED)
  await expect(keysOf(backend)).rejects.toMatchObject(REFUSED)
}

/** What a root holds that another program could have made: the same key among it. */
function makeLookalike(root: string): void {
  mkdirSync(join(root, '.holdfast/tmp'), { recursive: true })
  mkdirSync(join(root, 'folder'), { recursive: true })
  writeFileSync(join(root, 'folder/key'), 'another')
}

describe('a root on a mount of its own', () => {
  it('[B-13] that is unmounted refuses every call, and what lies below stays untouched', async (context) => {
    using disk: Mount = mustHave(tmpfs(), context)
    disk.unmount()
    makeLookalike(disk.path)
    disk.mount()
    const backend = await openLocalBackend({ root: disk.path })
    await backend.write('folder/key', bytes('x'))
    disk.unmount()
    await expectRefusals(backend)
    expect(readdirSync(disk.path).sort()).toEqual(['.holdfast', 'folder'])
    expect(readdirSync(join(disk.path, 'folder'))).toEqual(['key'])
    expect(readdirSync(join(disk.path, '.holdfast/tmp'))).toEqual([])
  })

  it('[B-13] over which another is mounted refuses every call until that one goes', async (context) => {
    using disk = mustHave(tmpfs(), context)
    const backend = await openLocalBackend({ root: disk.path })
    await backend.write('folder/key', bytes('x'))
    disk.mount()
    makeLookalike(disk.path)
    await expectRefusals(backend)
    expect(existsSync(join(disk.path, 'folder/key'))).toBe(true)
    disk.unmount()
    expect(await readText(backend, 'folder/key')).toBe('x')
    expect(await backend.delete([{ key: 'folder/key' }])).toEqual([{ key: 'folder/key', status: 'gone' }])
    expect(await keysOf(backend)).toEqual([])
  })

  it('[B-13] in whose place another is mounted, whose root has the same inode, refuses every call', async (context) => {
    using disk = mustHave(tmpfs(), context)
    const backend = await openLocalBackend({ root: disk.path })
    await backend.write('folder/key', bytes('x'))
    const { ino } = statSync(disk.path)
    disk.unmount()
    disk.mount()
    expect(statSync(disk.path).ino).toBe(ino)
    await expectRefusals(backend)
    mkdirSync(join(disk.path, 'folder'))
    writeFileSync(join(disk.path, 'folder/key'), 'another')
    mkdirSync(join(disk.path, '.holdfast/tmp'), { recursive: true })
    await expectRefusals(backend)
    expect(readdirSync(join(disk.path, 'folder'))).toEqual(['key'])
  })

  it('[B-13] that goes while a source gives its bytes gets no file and no folder where it was', async (context) => {
    using disk = mustHave(tmpfs(), context)
    const backend = await openLocalBackend({ root: disk.path })
    async function* source() {
      yield bytes('first')
      disk.mount()
      yield bytes('second')
    }
    await expect(backend.write('new/folder/key', source())).rejects.toMatchObject(REFUSED)
    expect(readdirSync(disk.path)).toEqual([])
    disk.unmount()
    expect(await keysOf(backend)).toEqual([])
  })
})

describe('a mount below the root', () => {
  it('[B-08] that holds the temporary files is refused: no name can be given from there', async (context) => {
    using disk = mustHave(tmpfs('root/.holdfast/tmp'), context)
    await expect(openLocalBackend({ root: join(disk.path, '../..') })).rejects.toMatchObject({
      code: 'HF_BACKEND',
      kind: 'unsupported',
    })
  })

  it('[B-08] that holds files is refused by the write to it, which leaves nothing', async (context) => {
    using disk = mustHave(tmpfs('root/folder'), context)
    const root = join(disk.path, '..')
    const backend = await openLocalBackend({ root })
    await expect(backend.write('folder/key', bytes('x'))).rejects.toMatchObject({ kind: 'unsupported' })
    expect(readdirSync(disk.path)).toEqual([])
    expect(readdirSync(join(root, '.holdfast/tmp'))).toEqual([])
  })
})

describe('a file system that takes names that differ in case for one', () => {
  it('[B-08] is refused at the start, which says what to do', async (context) => {
    using disk = mustHave(foldingDisk(), context)
    await expect(openLocalBackend({ root: disk.path })).rejects.toMatchObject({
      code: 'HF_BACKEND',
      kind: 'unsupported',
      message: expect.stringContaining('foldedNames'),
    })
    expect(readdirSync(join(disk.path, '.holdfast/tmp'))).toEqual([])
  })

  it('[B-08] is used when names are checked: no call takes a file or folder by another name', async (context) => {
    using disk = mustHave(foldingDisk(), context)
    const backend = await openLocalBackend({ root: disk.path, foldedNames: 'checked' })
    const conflict = { code: 'HF_BACKEND', kind: 'conflict' }
    await backend.write('folder/key', bytes('x'))
    for (const key of ['folder/KEY', 'Folder/key', 'FOLDER/new']) {
      await expect(backend.write(key, bytes('y'))).rejects.toMatchObject(conflict)
      await expect(backend.write(key, bytes('y'), { ifAbsent: true })).rejects.toMatchObject(conflict)
      expect(await backend.stat(key)).toBeUndefined()
      await expect(backend.read(key)).rejects.toMatchObject({ kind: 'not_found' })
      expect(await backend.delete([{ key }])).toEqual([{ key, status: 'gone' }])
    }
    expect(await keysOf(backend, 'Folder/')).toEqual([])
    expect(await keysOf(backend)).toEqual(['folder/key'])
    await backend.write('folder/key', bytes('z'))
    expect(await readText(backend, 'folder/key')).toBe('z')
  })

  it('[B-08] and keeps a name otherwise than it was given refuses that name', async (context) => {
    using disk = mustHave(foldingDisk(), context)
    const backend = await openLocalBackend({ root: disk.path, foldedNames: 'checked' })
    // This one lists all names in lower case.
    for (const key of ['Key', 'Folder/key'])
      await expect(backend.write(key, bytes('x'))).rejects.toMatchObject({
        code: 'HF_BACKEND',
        kind: 'conflict',
      })
    expect(await keysOf(backend)).toEqual([])
    expect(readdirSync(disk.path)).toEqual(['.holdfast'])
  })
})
