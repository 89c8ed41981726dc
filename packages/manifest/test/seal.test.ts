import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSeal, sumOf } from '../src/format/seal.ts'
import { RunningDigest } from '../src/state/running-digest.ts'

describe('a seal', () => {
  it('[M-05] gives a row for keeps, and a draft until the next row', async () => {
    const seal = await createSeal()
    const kept = seal.close(
      (row) => row.name('kone'),
      (payload) => payload.text('first'),
    )
    seal.draft.reset().name('ktwo').text('other')
    const draft = seal.closeDraft(4)
    expect(seal.open(kept.row, kept.value).text()).toBe('first')
    expect(seal.open(draft.row, Buffer.from(draft.value)).text()).toBe('other')
    seal.draft.reset().name('kthree').text('third, and longer')
    seal.closeDraft(6)
    expect(seal.open(kept.row, kept.value).text()).toBe('first')
    expect(() => seal.open(Buffer.from('ktwo'), Buffer.from(draft.value))).toThrow(/checksum/)
  })

  it('[M-05] drafts rows larger than the memory that it has', async () => {
    const seal = await createSeal()
    for (const length of [1, 700, 1900, 5000, 700, 1]) {
      seal.draft.reset().name('k'.repeat(length)).text('v'.repeat(length))
      const { row, value } = seal.closeDraft(length)
      expect(row.toString()).toBe('k'.repeat(length))
      expect(seal.open(Buffer.from(row), Buffer.from(value)).text()).toBe('v'.repeat(length))
    }
  })
})

describe('the running digest', () => {
  it('[M-05] is the sum of what was added and is not taken away, modulo 2^64', () => {
    const halves = fc.constantFrom(0n, 1n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn)
    const sum = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.tuple(halves, halves).map(([upper, lower]) => (upper << 32n) | lower),
    )
    fc.assert(
      fc.property(sum, fc.array(fc.tuple(fc.boolean(), sum)), (start, steps) => {
        const digest = new RunningDigest()
        digest.value = start
        let expected = start
        for (const [added, step] of steps) {
          const value = Buffer.alloc(12)
          value.writeBigUInt64BE(step, 4)
          expect(sumOf(value)).toBe(step)
          if (added) digest.add(value)
          else digest.subtract(value)
          expected = BigInt.asUintN(64, added ? expected + step : expected - step)
          expect(digest.value).toBe(expected)
        }
      }),
    )
  })
})
