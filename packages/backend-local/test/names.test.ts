import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Names } from '../src/names.ts'

/** Names of few different bytes begin alike, as those of one folder do. */
const NAME = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '~'), minLength: 1, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('\x01', 'a', '\xc3', '\xff'), minLength: 1, maxLength: 255 }),
)

function sorted(entries: readonly string[]): string[] {
  const names = new Names()
  for (const name of entries) names.add(name)
  names.sort()
  const seen: string[] = []
  for (let name = names.next(); name !== undefined; name = names.next()) seen.push(name)
  names.free()
  return seen
}

const inOrder = (names: readonly string[]) => [...new Set(names)].sort()

describe('the names of a folder', () => {
  it.each([1, 2500])('[B-04] come in the order of their bytes, each once, also %d times as many', (times) => {
    fc.assert(
      fc.property(fc.array(NAME, { minLength: 1, maxLength: 100 }), (few) => {
        // So many that they are kept as bytes: each name again behind every short beginning.
        const more = Array.from({ length: times }, (_, i) => `${few[i % few.length]}${i.toString(3)}`)
        const names = [...few, ...more, ...few.slice(0, 5)]
        expect(sorted(names)).toEqual(inOrder(names))
      }),
      { numRuns: times === 1 ? 200 : 20 },
    )
  })

  it('[B-04] come so too when they take many pieces of memory, whatever order they were found in', () => {
    const found = Array.from({ length: 40_000 }, (_, i) => {
      const name = `${'part-of-a-long-name-'.repeat(1 + (i % 5))}${(i * 7919) % 40_000}`
      return i % 3 === 0 ? `${name}/` : name
    })
    for (const names of [found, found.toReversed(), found.toSorted()])
      expect(sorted(names)).toEqual(inOrder(found))
  })

  it('[B-04] that all begin alike, or are alike, are no harder', () => {
    const alike = 'n'.repeat(250)
    const names = Array.from({ length: 5000 }, (_, i) => `${alike}${i % 10}`)
    expect(sorted(names)).toEqual(inOrder(names))
    expect(sorted(Array(5000).fill(alike))).toEqual([alike])
    expect(sorted([...Array(5000).fill(alike), ...names, ...Array(100).fill('n')])).toEqual([
      'n',
      alike,
      ...inOrder(names),
    ])
  })
})
