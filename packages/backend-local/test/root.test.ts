import { pbkdf2 } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { backendLocal, openLocalBackend } from '@holdfast/backend-local'
import { createNode, FailpointRegistry } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { bytes, keysOf, makeFiles, readText, tempRoot } from './temp-root.ts'

/** More keys of one folder than go together twice, in order. */
const KEYS = Array.from({ length: 40 }, (_, index) => String(100 + index))

const INVALID = { code: 'HF_BACKEND', kind: 'invalid' }

describe('no key leaves the root', () => {
  it('[B-08] keys that would lead out, or that cannot be keys, are refused by every call', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    await writeFile(join(temp.outside, 'victim'), 'untouched')
    const long = 'n'.repeat(256)
    for (const key of [
      '../victim',
      'a/../../victim',
      '/victim',
      '',
      'a//b',
      './a',
      'a/.',
      'a\0b',
      long,
      'a:b',
    ]) {
      await expect(backend.write(key, bytes('x'))).rejects.toMatchObject(INVALID)
      await expect(backend.read(key)).rejects.toMatchObject(INVALID)
      await expect(backend.stat(key)).rejects.toMatchObject(INVALID)
      expect(await backend.delete([{ key }])).toMatchObject([{ key, status: 'failed', error: INVALID }])
    }
    for (const prefix of ['../', '/', '../root/', '.holdfast/', '.holdfast/tmp/'])
      expect(await keysOf(backend, prefix)).toEqual([])
    expect(await readFile(join(temp.outside, 'victim'), 'utf8')).toBe('untouched')
    expect(readdirSync(temp.root)).toEqual(['.holdfast'])
  })

  it('[B-08] a symbolic link to a folder is never followed', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    const elsewhere = join(temp.outside, 'elsewhere')
    await mkdir(join(elsewhere, 'sub'), { recursive: true })
    await writeFile(join(elsewhere, 'victim'), 'untouched')
    await backend.write('real/key', bytes('x'))
    await symlink(elsewhere, join(temp.root, 'link'))
    await symlink(elsewhere, join(temp.root, 'real/link'))
    for (const link of ['link', 'real/link']) {
      for (const key of [`${link}/victim`, `${link}/sub/key`, `${link}/new/key`]) {
        await expect(backend.write(key, bytes('x'))).rejects.toMatchObject(INVALID)
        await expect(backend.read(key)).rejects.toMatchObject(INVALID)
        await expect(backend.stat(key)).rejects.toMatchObject(INVALID)
        expect(await backend.delete([{ key }, { key: 'missing' }])).toMatchObject([
          { key, status: 'failed', error: INVALID },
          { key: 'missing', status: 'gone' },
        ])
      }
      expect(await keysOf(backend, `${link}/`)).toEqual([])
    }
    expect(await keysOf(backend)).toEqual(['real/key'])
    expect(readdirSync(elsewhere).sort()).toEqual(['sub', 'victim'])
    expect(readdirSync(join(elsewhere, 'sub'))).toEqual([])
    expect(await temp.litter()).toEqual([])
  })

  it('[B-08] a folder that becomes a link after it was used is noticed', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    await backend.write('a/b/key', bytes('x'))
    await rename(join(temp.root, 'a'), join(temp.outside, 'moved'))
    await symlink(join(temp.outside, 'moved'), join(temp.root, 'a'))
    await expect(backend.write('a/b/other', bytes('x'))).rejects.toMatchObject(INVALID)
    expect(await backend.delete([{ key: 'a/b/key' }])).toMatchObject([{ status: 'failed', error: INVALID }])
    expect(readdirSync(join(temp.outside, 'moved/b'))).toEqual(['key'])
  })

  it('[B-08] a symbolic link to a file is no object, and a write replaces the link, not its target', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    const victim = join(temp.outside, 'victim')
    await writeFile(victim, 'untouched')
    await symlink(victim, join(temp.root, 'link'))
    expect(await keysOf(backend)).toEqual([])
    expect(await backend.stat('link')).toBeUndefined()
    await expect(backend.read('link')).rejects.toMatchObject({ kind: 'not_found' })
    await backend.write('link', bytes('object'))
    expect(await readText(backend, 'link')).toBe('object')
    await backend.delete([{ key: 'link' }])
    expect(await readFile(victim, 'utf8')).toBe('untouched')
  })
})

describe('the root', () => {
  it('[B-08] is made when it is missing, and opened through a link', async () => {
    await using temp = await tempRoot()
    await symlink(temp.root, join(temp.outside, 'link'))
    await (await temp.open()).write('key', bytes('x'))
    expect(await keysOf(await openLocalBackend({ root: join(temp.outside, 'link') }))).toEqual(['key'])
    await openLocalBackend({ root: join(temp.outside, 'new/deep/root') })
    expect(existsSync(join(temp.outside, 'new/deep/root/.holdfast/tmp'))).toBe(true)
  })

  it('[B-08] is refused when its own folder is a link or a file', async () => {
    await using temp = await tempRoot()
    await mkdir(temp.root)
    await symlink(temp.outside, join(temp.root, '.holdfast'))
    await expect(temp.open()).rejects.toMatchObject(INVALID)
    await rm(join(temp.root, '.holdfast'))
    await writeFile(join(temp.root, '.holdfast'), '')
    await expect(temp.open()).rejects.toMatchObject({ code: 'HF_BACKEND' })
  })

  it('[B-13] every call is refused when it was replaced or is gone, before a byte is touched', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    await backend.write('key', bytes('x'))
    await rename(temp.root, `${temp.root}-old`)
    const refused = { code: 'HF_BACKEND', kind: 'unavailable', retryable: true }
    const expectRefusals = async () => {
      await expect(backend.write('other', bytes('x'))).rejects.toMatchObject(refused)
      await expect(backend.delete([{ key: 'key' }])).rejects.toMatchObject(refused)
      // Nothing may look as if it were gone.
      await expect(backend.stat('key')).rejects.toMatchObject(refused)
      await expect(backend.read('key')).rejects.toMatchObject(refused)
      await expect(keysOf(backend)).rejects.toMatchObject(refused)
    }
    await expectRefusals()
    expect(existsSync(temp.root)).toBe(false)
    await mkdir(join(temp.root, '.holdfast/tmp'), { recursive: true })
    await writeFile(join(temp.root, 'key'), 'another')
    await expectRefusals()
    expect(readdirSync(temp.root).sort()).toEqual(['.holdfast', 'key'])
    await rm(temp.root, { recursive: true })
    await rename(`${temp.root}-old`, temp.root)
    expect(await backend.delete([{ key: 'key' }])).toEqual([{ key: 'key', status: 'gone' }])
  })

  it.each([
    ['is gone', () => undefined],
    [
      'is another',
      (root: string) => {
        mkdirSync(join(root, '.holdfast/tmp'), { recursive: true })
        for (const key of KEYS) writeFileSync(join(root, key), 'another')
      },
    ],
  ] as const)(
    '[B-13] when it %s in the middle of a deletion, what was not deleted is not said to be',
    async (_, makeAnother) => {
      await using temp = await tempRoot()
      const failpoints = new FailpointRegistry()
      const backend = await temp.open({ failpoints })
      const away = `${temp.root}-away`
      makeFiles(temp.root, KEYS)
      const replaceRoot = () => {
        renameSync(temp.root, away)
        makeAnother(temp.root)
      }
      using _armed = failpoints.arm(
        'local.delete.before',
        { kind: 'callback', call: replaceRoot },
        { skip: 1 },
      )
      const refused = { status: 'failed', error: { code: 'HF_BACKEND', kind: 'unavailable' } }
      expect(await backend.delete(KEYS.map((key) => ({ key })))).toMatchObject(
        KEYS.map((key) => ({ key, ...refused })),
      )
      expect(readdirSync(away).sort()).toEqual(['.holdfast', ...KEYS.slice(16)])
      if (existsSync(temp.root)) expect(readdirSync(temp.root).sort()).toEqual(['.holdfast', ...KEYS])
    },
  )

  it('[B-13] what was looked for while it was away for a moment is not said to be gone', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    makeFiles(temp.root, KEYS)
    // The deletes stand behind these in the queue of the threads, until the root is away; when they are heard of it is back.
    for (let thread = 0; thread < 4; thread++) pbkdf2('x', 'x', 50_000, 64, 'sha512', () => undefined)
    const deleting = backend.delete(KEYS.map((key) => ({ key })))
    renameSync(temp.root, `${temp.root}-away`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
    renameSync(`${temp.root}-away`, temp.root)
    const outcomes = await deleting
    const left = await keysOf(backend)
    const expected = (key: string) =>
      left.includes(key) ? { status: 'failed', error: { kind: 'unavailable' } } : { status: 'gone' }
    expect(outcomes).toMatchObject(KEYS.map((key) => ({ key, ...expected(key) })))
    expect(await backend.delete(KEYS.map((key) => ({ key })))).toEqual(
      KEYS.map((key) => ({ key, status: 'gone' })),
    )
  })

  it('[B-13] what went about the time when it was replaced is not said to be gone', async () => {
    await using temp = await tempRoot()
    const failpoints = new FailpointRegistry()
    const backend = await temp.open({ failpoints })
    makeFiles(temp.root, ['key'])
    const replaceRoot = () => renameSync(temp.root, `${temp.root}-away`)
    using _armed = failpoints.arm('local.delete.after', { kind: 'callback', call: replaceRoot })
    expect(await backend.delete([{ key: 'key' }])).toMatchObject([
      { key: 'key', status: 'failed', error: { code: 'HF_BACKEND', kind: 'unavailable' } },
    ])
  })

  it('[B-08] a node keeps its records in it, apart from the keys', async () => {
    await using temp = await tempRoot()
    const plugins = [backendLocal({ root: temp.root })]
    await using node = await createNode({ id: 'n', plugins, log: 'silent' }).start()
    const backend = node.service('backend')
    expect(await backend.records.write('store.json', bytes('{}'), { ifAbsent: true })).toBe(true)
    expect(await backend.records.write('store.json', bytes('[]'), { ifAbsent: true })).toBe(false)
    expect(Buffer.from((await backend.records.read('store.json'))!).toString()).toBe('{}')
    await expect(backend.records.write('tmp/x', bytes(''))).rejects.toMatchObject(INVALID)
    for await (const page of backend.list()) expect(page.keys).toEqual([])
  })
})
