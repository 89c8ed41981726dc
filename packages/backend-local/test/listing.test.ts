import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, realpathSync, renameSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLogger } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { bytes, keysOf, makeFiles, type TempRoot, tempRoot } from './temp-root.ts'

/** What must end at once may have to wait for its turn on a busy machine. */
const PATIENCE = { timeout: 10_000 }

const number = (i: number) => String(i).padStart(5, '0')
const inByteOrder = (keys: readonly string[]) =>
  keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

describe('a listing that is too long to be walked at once', () => {
  /** One wide folder, many small ones, and names that sort apart in bytes and in UTF-16. */
  const keys = inByteOrder([
    ...Array.from({ length: 12_000 }, (_, i) => `wide/${number((i * 7919) % 12_000)}~x.parquet`),
    ...Array.from({ length: 3000 }, (_, i) => `small/${i % 300}/${number(i)}`),
    ...Array.from({ length: 1500 }, (_, i) => `wide-${i % 3}/é \uff5e 😀 ${i}`),
  ])
  let temp: TempRoot
  beforeAll(async () => {
    temp = await tempRoot()
    makeFiles(temp.root, keys)
  }, 120_000)
  afterAll(async () => temp[Symbol.asyncDispose]())

  it('[B-04] is whole and in order, also for several who list at the same time at their own pace', async () => {
    const backend = await temp.open()
    const slowly = async () => {
      const seen: string[] = []
      for await (const page of backend.list()) {
        seen.push(...page.keys)
        await keysOf(backend, 'small/7/')
      }
      return seen
    }
    const lists = await Promise.all([slowly(), keysOf(backend), keysOf(backend, 'wide/'), slowly()])
    const wide = keys.filter((key) => key.startsWith('wide/'))
    expect(lists.map((list) => list.length)).toEqual([keys.length, keys.length, wide.length, keys.length])
    expect(lists).toEqual([keys, keys, wide, keys])
    await backend.stop?.()
  })

  it('[B-04] skips the folders that its bounds leave out', async () => {
    const backend = await temp.open()
    for (const [after, until] of [
      ['small/299/02999', 'wide/'],
      ['wide/05000', 'wide/05000~x.parquetx'],
      ['wide/05000~x.parquet', undefined],
      ['s', 'wide-1/'],
    ] as const) {
      const seen: string[] = []
      for await (const page of backend.list({ after, ...(until !== undefined && { until }) }))
        seen.push(...page.keys)
      expect(seen).toEqual(keys.filter((key) => key > after && (until === undefined || key < until)))
    }
    await backend.stop?.()
  })

  it('[B-04] runs ahead of its reader by a bounded number of pages', async () => {
    const backend = await temp.open()
    const seen: string[] = []
    for await (const page of backend.list({ prefix: 'wide/', fields: ['sizes'] })) {
      if (seen.length === 0) {
        // Until the thread has done what it may do unasked.
        await vi.waitFor(() => expect(openBelow(temp.root)).toEqual([]), PATIENCE)
        await backend.write('wide/11999~x.parquet', bytes('longer'))
      }
      seen.push(...page.keys.map((key, i) => `${key} ${page.sizes?.[i]}`))
    }
    expect(seen.at(-1)).toBe('wide/11999~x.parquet 6')
    await backend.write('wide/11999~x.parquet', bytes(''))
    await backend.stop?.()
  })

  it('[B-04] loses only the keys of a folder that becomes a file under it', async () => {
    await using other = await tempRoot()
    const backend = await other.open()
    // So many before it that the thread is not there yet when the first page is read.
    const before = Array.from({ length: 9000 }, (_, i) => `a/${number(i)}`)
    makeFiles(other.root, [...before, 'b/1', 'b/2', 'c/1'])
    const seen: string[] = []
    for await (const page of backend.list({ fields: ['sizes'] })) {
      if (seen.length === 0) {
        await backend.delete([{ key: 'b/1' }, { key: 'b/2' }])
        await backend.write('b', bytes('x'))
      }
      seen.push(...page.keys)
    }
    // The names of the root were read when b was a folder.
    expect(seen).toEqual([...before, 'c/1'])
    expect(await keysOf(backend)).toEqual([...before, 'b', 'c/1'])
    await backend.stop?.()
  })

  it('[B-04] names that cannot be keys are left out with their columns, and counted', async () => {
    await using other = await tempRoot()
    const lines: string[] = []
    const log = createLogger('warn', { write: (line: string) => void lines.push(line) })
    const backend = await other.open({ log })
    makeFiles(other.root, [
      ...Array.from({ length: 1500 }, (_, i) => `a/${number(i)}`),
      'a/00007:x',
      'a/line\nfeed',
      `b/${'n'.repeat(200)}/${'n'.repeat(200)}/${'n'.repeat(200)}/${'n'.repeat(200)}/${'n'.repeat(225)}`,
      'b:c/1',
    ])
    await writeFile(Buffer.from(`${other.root}/\xe9`, 'latin1'), '')
    await mkdir(Buffer.from(`${other.root}/\xe9-folder`, 'latin1'))
    await writeFile(join(other.root, 'z'), 'last')
    const rows: string[] = []
    for await (const page of backend.list({ fields: ['sizes', 'changedAt'] })) {
      expect([page.sizes?.length, page.changedAt?.length]).toEqual([page.keys.length, page.keys.length])
      rows.push(...page.keys.map((key, i) => `${key} ${page.sizes?.[i]}`))
    }
    expect(rows).toEqual([...Array.from({ length: 1500 }, (_, i) => `a/${number(i)} 0`), 'z 4'])
    expect(lines.map((line) => JSON.parse(line).skipped)).toEqual([6])
    await backend.stop?.()
  })

  it('[B-13] fails when the root goes away in the middle: what is there must not look as if it were not', async () => {
    const backend = await temp.open()
    const seen: string[] = []
    await expect(async () => {
      for await (const page of backend.list()) {
        if (seen.length === 0) renameSync(temp.root, `${temp.root}-away`)
        seen.push(...page.keys)
      }
    }).rejects.toMatchObject({ code: 'HF_BACKEND', kind: 'unavailable' })
    expect(seen).toEqual(keys.slice(0, seen.length))
    renameSync(`${temp.root}-away`, temp.root)
    expect(await keysOf(backend)).toEqual(keys)
    await backend.stop?.()
  })

  it('[B-04] ends its work at once when it is cancelled or left', async () => {
    const backend = await temp.open()
    for await (const _ of backend.list()) break
    const controller = new AbortController()
    const cancelled = expect(async () => {
      for await (const _ of backend.list({ signal: controller.signal })) throw new Error('a page came')
    }).rejects.toMatchObject({ code: 'HF_BACKEND', kind: 'aborted' })
    controller.abort()
    await cancelled
    await vi.waitFor(() => expect(openBelow(temp.root)).toEqual([]), PATIENCE)
    expect(await keysOf(backend)).toEqual(keys)
    await backend.stop?.()
  })

  it('[B-08] leaves no thread behind a stop, and a stop ends a listing that is under way', async () => {
    const before = threads()
    const backend = await temp.open()
    const list = backend.list()[Symbol.asyncIterator]()
    await list.next()
    expect(threads()).toBeGreaterThan(before)
    const rest = expect(async () => {
      while (!(await list.next()).done);
    }).rejects.toMatchObject({ code: 'HF_BACKEND', kind: 'unavailable' })
    await backend.stop?.()
    await rest
    await vi.waitFor(() => expect(threads()).toBe(before), PATIENCE)
    await backend.stop?.()
    await expect(keysOf(backend)).rejects.toMatchObject({ code: 'HF_NOT_STARTED' })
    expect(openBelow(temp.root)).toEqual([])
  })

  it('[B-08] of a small range starts no thread', async () => {
    const before = threads()
    const backend = await temp.open()
    expect(await keysOf(backend, 'small/7/')).toHaveLength(10)
    expect(threads()).toBe(before)
    await backend.stop?.()
  })

  it('[B-08] keeps the process until it is done, and no longer', () => {
    const program = fileURLToPath(new URL('list-program.ts', import.meta.url))
    const printed = execFileSync(process.execPath, [...process.execArgv, program, temp.root], {
      timeout: 15_000,
    })
    expect(Number(printed.toString())).toBe(keys.length)
  })
})

/** Descriptors of this process that lie below a folder. */
function openBelow(root: string): string[] {
  const real = realpathSync(root)
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(real) ? [path] : []
    } catch {
      return []
    }
  })
}

/** Threads of this process. */
function threads(): number {
  return Number(/Threads:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}
