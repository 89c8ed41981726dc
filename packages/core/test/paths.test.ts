import {
  compareBytes,
  hourlyLayout,
  MAX_PATH_BYTES,
  mintedPath,
  mintKey,
  parseKey,
  parsePath,
  pathProblem,
  ULID_PATTERN,
} from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const ULID = '01ARZ3NDEKTSV4RRFFQ69G5FAV'

describe('paths and keys', () => {
  it.each([
    ['', 'empty'],
    ['/a', 'absolute'],
    ['a//b', 'empty segment'],
    ['a/', 'empty segment'],
    ['./a', '"."'],
    ['a/../b', '".."'],
    ['a./b', 'dot or a space'],
    ['a/b ', 'dot or a space'],
    ['a\\b', 'backslash'],
    ['C:/a', 'colon'],
    ['a\0b', 'control'],
    ['a\nb', 'control'],
    ['a\u007f', 'control'],
    ['a/b\u0085c', 'control'],
    ['a/b\u2028c', 'line separator'],
    ['a/b\u2029', 'line separator'],
    ['\ud800', 'surrogate'],
    ['a/\udc00b', 'surrogate'],
    ['.holdfast', 'reserved'],
    ['.holdfast/store.json', 'reserved'],
    ['x'.repeat(MAX_PATH_BYTES + 1), 'longer than 1024'],
    ['é'.repeat(MAX_PATH_BYTES / 2 + 1), 'longer than 1024'],
  ])('[M-03] %j is rejected, by both parsers', (text, problem) => {
    expect(() => parsePath(text)).toThrow(
      expect.objectContaining({ code: 'HF_PATH_INVALID', message: expect.stringContaining(problem) }),
    )
    expect(() => parseKey(text)).toThrow(expect.objectContaining({ code: 'HF_KEY_INVALID' }))
  })

  it.each([
    'a',
    'a b/c+%"\'.csv',
    '.env',
    'a/.hidden',
    '..a',
    'a/...b',
    '.holdfasts',
    'a/.holdfast',
    '😀/\u{1F4A9}',
    'x'.repeat(MAX_PATH_BYTES),
    'é'.repeat(MAX_PATH_BYTES / 2),
  ])('[M-03] %j is taken as it is', (text) => {
    expect(parsePath(text)).toBe(text)
  })

  it('[M-03] a backend can have shorter limits, for the whole and for a segment', () => {
    expect(pathProblem('abcdef', { bytes: 5 })).toMatch(/longer than 5/)
    expect(pathProblem('a/éé', { segmentBytes: 3 })).toMatch(/segment is longer than 3/)
    expect(pathProblem('a/bb/cc', { segmentBytes: 2 })).toBeUndefined()
  })

  it('[M-03] whatever is accepted names one place below the root', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '.', '/', ' ', '\\', ':', '\0', 'é', '\ud83d', '\ude00') }),
        (text) => {
          fc.pre(pathProblem(text) === undefined)
          const url = new URL(text.split('/').map(encodeURIComponent).join('/'), 'file:///root/')
          expect(decodeURIComponent(url.pathname)).toBe(`/root/${text}`)
        },
      ),
    )
  })

  it.each([
    ['a/b.csv', `a/b~${ULID}.csv`],
    ['a/b', `a/b~${ULID}`],
    ['a.d/b', `a.d/b~${ULID}`],
    ['.env', `.env~${ULID}`],
    ['a/b.tar.gz', `a/b.tar~${ULID}.gz`],
    ['a~b.csv', `a~b~${ULID}.csv`],
  ])('[M-14] the key minted for %s is %s, and leads back to it', (path, key) => {
    expect(mintKey(parsePath(path), ULID)).toBe(key)
    expect(mintedPath(parseKey(key))).toBe(path)
  })

  it('[M-14] a name that only looks minted is none', () => {
    expect(mintedPath(parseKey('a~short.csv'))).toBeUndefined()
    expect(mintedPath(parseKey(`a~${ULID.toLowerCase()}.csv`))).toBeUndefined()
    expect(mintedPath(parseKey(`x~${ULID}/plain`))).toBeUndefined()
    expect(ULID_PATTERN.test(ULID)).toBe(true)
  })

  it('[M-06] compareBytes orders as UTF-8 does, also outside the basic plane', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '\uffee', '\ud7ff', '\ue000', '😀', '/') })
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
    )
    expect(compareBytes('\uffee', '😀')).toBeLessThan(0)
  })

  it('[C-12] the hourly layout reads namespace and hour, and checks the digits', () => {
    const from = Date.UTC(2026, 10, 20, 15)
    expect(hourlyLayout.parse(parsePath('sales/eu/2026/11/20/15/a.csv'))).toEqual({
      namespace: 'sales/eu',
      from,
      to: from + 3_599_999,
    })
    for (const path of [
      '2026/11/20/15/a.csv',
      'n/2026/13/20/15/a',
      'n/2026/02/30/00/a',
      'n/2026/11/20/24/a',
      'n/2026/11/20/a',
      'n/26/11/20/15/a',
      'n/2026/11/20/15/x/a',
    ])
      expect(hourlyLayout.parse(parsePath(path)), path).toBeUndefined()
  })
})
