import { pbkdf2 } from 'node:crypto'
import { type BigIntStats, existsSync, fstatSync, lstatSync, readdirSync, rmdirSync } from 'node:fs'
import { mkdir, rmdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createLogger, FailpointRegistry, Rendezvous } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { bytes, keysOf, readText, tempRoot } from './temp-root.ts'

describe('emptied folders', () => {
  it('[B-08] go with their last file, up to the first that holds something', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    for (const key of ['a/stays', 'a/b/c/1', 'a/b/c/2']) await backend.write(key, bytes('x'))
    await backend.delete([{ key: 'a/b/c/1' }])
    expect(existsSync(join(temp.root, 'a/b/c'))).toBe(true)
    await backend.delete([{ key: 'a/b/c/2' }])
    expect(readdirSync(join(temp.root, 'a'))).toEqual(['stays'])
  })

  it('[B-08] never take the root or the reserved folder with them', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    await backend.write('a/b', bytes('x'))
    await backend.write('.holdfast/record', bytes('x'))
    await rmdir(join(temp.root, '.holdfast/tmp'))
    await backend.delete([{ key: 'a/b' }, { key: '.holdfast/record' }])
    expect(readdirSync(temp.root)).toEqual(['.holdfast'])
    expect(readdirSync(join(temp.root, '.holdfast'))).toEqual([])
    await expect(backend.write('key', bytes('x'))).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it('[B-08] that a crash left behind go with the next delete of a key in them', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    await mkdir(join(temp.root, 'a/b'), { recursive: true })
    await backend.delete([{ key: 'a/b/missing/key' }])
    expect(readdirSync(temp.root)).toEqual(['.holdfast'])
  })

  it('[B-08] that vanish between their making and the naming of a file are made again', async () => {
    await using temp = await tempRoot()
    const failpoints = new FailpointRegistry()
    const backend = await temp.open({ failpoints })
    const rendezvous = new Rendezvous()
    using _ = failpoints.arm('local.write.temp', { kind: 'park', rendezvous })
    const writing = backend.write('a/b/key', bytes('x'))
    await rendezvous.reached
    // Work for every thread that file calls run on: the naming must wait in the queue.
    const busy = Promise.all(
      Array.from({ length: 16 }, () => promisify(pbkdf2)('', '', 200_000, 64, 'sha512')),
    )
    rendezvous.release()
    await setImmediate()
    rmdirSync(join(temp.root, 'a/b'))
    await writing
    await busy
    expect(await readText(backend, 'a/b/key')).toBe('x')
  })

  it('[B-08] are made again by those who write there at the same time', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    const worker = async (name: string) => {
      for (let i = 0; i < 60; i++) {
        const key = `busy/folder/of/many/${name}-${i}`
        await backend.write(key, bytes(key), { ifAbsent: true })
        expect(await readText(backend, key)).toBe(key)
        expect(await backend.delete([{ key }])).toEqual([{ key, status: 'gone' }])
      }
      await backend.write(`busy/folder/of/many/${name}`, bytes('stays'))
    }
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    await Promise.all(names.map(worker))
    expect(await keysOf(backend)).toEqual(names.map((name) => `busy/folder/of/many/${name}`))
  })

  it('[B-06] a file and a folder of one name conflict', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    await backend.write('a/b', bytes('x'))
    const conflict = { code: 'HF_BACKEND', kind: 'conflict', retryable: false }
    await expect(backend.write('a', bytes('y'))).rejects.toMatchObject(conflict)
    await expect(backend.write('a', bytes('y'), { ifAbsent: true })).rejects.toMatchObject(conflict)
    await expect(backend.write('a/b/c', bytes('y'))).rejects.toMatchObject(conflict)
    expect(await backend.delete([{ key: 'a' }])).toEqual([{ key: 'a', status: 'gone' }])
    expect(await keysOf(backend)).toEqual(['a/b'])
  })
})

describe('what lies in the root', () => {
  it('[B-04] names that cannot be keys, links and empty folders are not listed; the log counts the first', async () => {
    await using temp = await tempRoot()
    const lines: string[] = []
    const log = createLogger('warn', { write: (line: string) => void lines.push(line) })
    const backend = await temp.open({ log })
    await backend.write('a/.holdfast/key', bytes('x'))
    await backend.write('z', bytes('x'))
    const latin1 = Buffer.concat([Buffer.from(`${temp.root}/`), Buffer.from([0x62, 0xe9])])
    await writeFile(latin1, 'x')
    await mkdir(Buffer.concat([latin1, Buffer.from('-folder')]))
    await writeFile(Buffer.concat([latin1, Buffer.from('-folder/key')]), 'x')
    await writeFile(join(temp.root, 'a:b'), 'x')
    await mkdir(join(temp.root, 'empty/folder'), { recursive: true })
    await symlink('z', join(temp.root, 'y'))
    expect(await keysOf(backend)).toEqual(['a/.holdfast/key', 'z'])
    expect(lines.map((line) => JSON.parse(line).skipped)).toEqual([3])
  })

  it('[B-01] a forged mtime makes no object look old', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    const { changedAt } = await backend.write('key', bytes('x'))
    expect((await backend.stat('key'))?.changedAt).toBe(changedAt)
    await utimes(join(temp.root, 'key'), 1_000_000_000, 1_000_000_000)
    expect((await backend.stat('key'))?.changedAt).toBeGreaterThanOrEqual(changedAt)
    for await (const page of backend.list({ fields: ['changedAt'] }))
      expect(page.changedAt?.[0]).toBeGreaterThanOrEqual(changedAt)
  })

  it('[B-08] no descriptor stays open, however a call ends', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    await backend.write('a/key', new Uint8Array(1024 * 1024))
    for await (const _ of await backend.read('a/key')) {
      expect(openUnder(temp.root)).toEqual(['a/key'])
      break
    }
    await backend.read('a/key')
    for await (const _ of backend.list()) break
    const controller = new AbortController()
    const hanging = async function* () {
      yield bytes('x')
      controller.abort()
      await new Promise(() => {})
    }
    await expect(backend.write('b', hanging(), { signal: controller.signal })).rejects.toThrow()
    await expect(backend.write('a/key', bytes('x'), { ifAbsent: true })).rejects.toThrow()
    await expect(async () => {
      for await (const _ of await backend.read('a/key')) throw new Error('the consumer failed')
    }).rejects.toThrow()
    expect(openUnder(temp.root)).toEqual([])
  })
})

/** What this process has open of what lies under a root, told by inodes: Linux and macOS have `/dev/fd` both. */
function openUnder(root: string): string[] {
  const below = ['', ...readdirSync(root, { recursive: true, encoding: 'utf8' })]
  const names = new Map(below.map((name) => [inodeOf(lstatSync(join(root, name), { bigint: true })), name]))
  const { dev } = lstatSync(root, { bigint: true })
  return readdirSync('/dev/fd').flatMap((fd) => {
    try {
      const stats = fstatSync(Number(fd), { bigint: true })
      const name = names.get(inodeOf(stats))
      if (name !== undefined) return [name]
      // A temporary file that was taken away has no name any more.
      return stats.dev === dev && stats.nlink === 0n ? [`descriptor ${fd}`] : []
    } catch {
      // The one that the list itself was read by.
      return []
    }
  })
}

function inodeOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}
