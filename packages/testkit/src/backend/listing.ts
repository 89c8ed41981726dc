import type { Backend, ListOptions } from '@holdfast/core'
import { afterAll, beforeAll, expect } from 'vitest'
import { bytes, expectKind, inByteOrder, keysOf, pagesOf, writeAll } from './calls.ts'
import type { Case } from './cases.ts'
import type { BackendUnderTest, SuiteContext } from './describe-backend.ts'

/** Names whose order tells byte order from all others: `-` and `.` sort before `/`, `~` after; the last pairs lie on both sides of the surrogates. */
const TELLING = [
  'a-b',
  'a.txt',
  'a/b',
  'a/c/d',
  'a0',
  'a b',
  'a~',
  'B',
  '\uff5ez',
  '\uff5e/x',
  '😀',
  '😀d/x',
  'é/x',
  'z',
]

/** 2,500 keys: a folder of more than a page, many small ones, and some that lie deep. */
function manyKeys(): string[] {
  const number = (i: number) => String(i).padStart(4, '0')
  return [
    ...Array.from({ length: 1300 }, (_, i) => `many/wide/${number(i)}.bin`),
    ...Array.from({ length: 900 }, (_, i) => `many/f${i % 90}/${number(i)}`),
    ...Array.from({ length: 300 }, (_, i) => `many/deep/${i % 3}/${i % 5}/${i % 7}/${number(i)}`),
  ]
}

const PREFIXES = [
  '',
  'a',
  'a/',
  'a/b',
  'many/',
  'many/wide/00',
  'many/f1',
  'many/f12/',
  'many/deep/1',
  'none',
  '😀',
]
const BOUNDS = [
  'a-b',
  'a/',
  'a/b',
  'many/deep/1/',
  'many/f',
  'many/wide/0500.bin',
  'many/wide/0500',
  '\uffff',
  '😀',
]

export function listing({ openShared }: SuiteContext, law: Case): void {
  let subject: BackendUnderTest
  let backend: Backend
  const keys = inByteOrder([...TELLING, ...manyKeys()])
  const expected = ({ prefix = '', after, until }: ListOptions) =>
    keys.filter(
      (key) =>
        key.startsWith(prefix) &&
        (after === undefined || before(after, key)) &&
        (until === undefined || before(key, until)),
    )

  beforeAll(async () => {
    subject = await openShared()
    backend = subject.backend
    await writeAll(backend, keys)
  }, 120_000)
  afterAll(async () => subject?.dispose())

  law(
    '[B-04] gives every key once, in byte order of the whole key, in pages that are bounded and never empty',
    async () => {
      const pages = await pagesOf(backend)
      expect(pages.flatMap((page) => page.keys)).toEqual(keys)
      for (const page of pages) {
        expect(page.keys.length).toBeGreaterThan(0)
        expect(page.keys.length).toBeLessThanOrEqual(backend.limits.listPage)
      }
    },
  )

  law('[B-04] a prefix is any beginning of a key, not only a folder', async () => {
    for (const prefix of PREFIXES) expect(await keysOf(backend, { prefix })).toEqual(expected({ prefix }))
  })

  law('[B-04] after and until are exclusive, alone, together and with a prefix', async () => {
    for (const after of BOUNDS) expect(await keysOf(backend, { after })).toEqual(expected({ after }))
    for (const until of BOUNDS) expect(await keysOf(backend, { until })).toEqual(expected({ until }))
    for (const [i, after] of BOUNDS.entries()) {
      const range = { after, until: BOUNDS[(i + 3) % BOUNDS.length] ?? '', prefix: PREFIXES[i] ?? '' }
      expect(await keysOf(backend, range)).toEqual(expected(range))
    }
  })

  law(
    '[B-04] a listing that is taken up after the last key of each page misses and repeats nothing',
    async () => {
      const seen: string[] = []
      // Bounded, for each page has keys: a listing that repeats its first page must fail the case, not hang it.
      for (let page = await firstPage(backend, {}); page && seen.length <= keys.length; ) {
        seen.push(...page.keys)
        page = await firstPage(backend, { after: page.keys.at(-1) ?? '' })
      }
      expect(seen).toEqual(keys)
    },
  )

  law('[B-04] columns come only as asked and are as long as the keys', async () => {
    for (const page of await pagesOf(backend)) expect(Object.keys(page)).toEqual(['keys'])
    for (const page of await pagesOf(backend, { fields: ['sizes'] })) {
      expect(Object.keys(page).sort()).toEqual(['keys', 'sizes'])
      expect(page.sizes).toEqual(page.keys.map((key) => Buffer.byteLength(key)))
    }
    for (const page of await pagesOf(backend, { fields: ['sizes', 'changedAt'], prefix: 'many/f' })) {
      expect(page.sizes).toHaveLength(page.keys.length)
      expect(page.changedAt).toHaveLength(page.keys.length)
      expect(page.changedAt?.every(Number.isSafeInteger)).toBe(true)
    }
  })

  law('[B-04] keys that nobody touches are all listed once while others come and go', async () => {
    const mine = new Set(keys)
    const passing = Array.from({ length: 40 }, (_, i) => `many/${i % 2 ? 'f5' : 'wide'}/passing-${i}`)
    await writeAll(backend, passing.slice(0, 20))
    const seen: string[] = []
    for await (const page of backend.list()) {
      seen.push(...page.keys)
      await backend.delete(passing.slice(0, 20).map((key) => ({ key })))
      await writeAll(backend, passing.slice(20))
    }
    await backend.delete(passing.map((key) => ({ key })))
    expect(seen.filter((key) => mine.has(key))).toEqual(keys)
    expect(seen).toEqual(inByteOrder(new Set(seen)))
    expect(seen.filter((key) => !mine.has(key) && !passing.includes(key))).toEqual([])
  })

  law('[B-04] a listing can be cancelled between pages', async () => {
    const controller = new AbortController()
    let pages = 0
    await expectKind(async () => {
      for await (const _ of backend.list({ signal: controller.signal })) {
        pages++
        controller.abort()
      }
    }, 'aborted')
    expect(pages).toBe(1)
  })

  law('[B-04] a consumer may stop early and list again', async () => {
    expect((await firstPage(backend, {}))?.keys[0]).toBe(keys[0])
    await backend.write('zz', bytes('last'))
    expect((await keysOf(backend)).filter((key) => key === 'zz')).toEqual(['zz'])
    await backend.delete([{ key: 'zz' }])
  })
}

async function firstPage(backend: Backend, options: ListOptions) {
  for await (const page of backend.list(options)) {
    expect(page.keys.length, 'keys of a page').toBeGreaterThan(0)
    return page
  }
  return undefined
}

function before(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0
}
