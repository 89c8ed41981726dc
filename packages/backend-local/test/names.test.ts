import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Names } from '../src/names.ts'

/** Names of few different bytes begin alike, as those of one folder do. */
const NAME = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '~'), minLength: 1, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('\x01', 'a', '\xc3', '\xff'), minLength: 1, maxLength: 255 }),
)

function sorted(entries: readonly (readonly [string, boolean])[]): string[] {
  const names = new Names()
  for (const [name, isFolder] of entries) names.add(name, isFolder)
  names.sort()
  const seen: string[] = []
  while (names.next()) {
    const text = Buffer.from(names.bytes.subarray(names.start, names.end)).toString('latin1')
    expect(names.isFolder()).toBe(text.endsWith('/'))
    seen.push(text)
  }
  names.free()
  return seen
}

const inOrder = (entries: readonly (readonly [string, boolean])[]) => [
  ...new Set(entries.map(([name, isFolder]) => (isFolder ? `${name}/` : name)).sort()),
]

describe('the names of a folder', () => {
  it('[B-04] come in the order of their bytes, folders as with a slash, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(NAME, fc.boolean()), { maxLength: 400 }), (entries) => {
        expect(sorted(entries)).toEqual(inOrder(entries))
      }),
    )
  })

  it('[B-04] come so too when they take many pieces of memory, whatever order they were found in', () => {
    const found = Array.from({ length: 40_000 }, (_, i) => {
      const name = `${'part-of-a-long-name-'.repeat(1 + (i % 5))}${(i * 7919) % 40_000}`
      return [name, i % 3 === 0] as const
    })
    for (const entries of [found, found.toReversed(), found.toSorted()])
      expect(sorted(entries)).toEqual(inOrder(entries))
  })
})
