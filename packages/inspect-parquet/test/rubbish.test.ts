import { INSPECT_BYTES } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inspector, parquet, TIMESTAMP } from './support.ts'

const FILE = parquet({ type: TIMESTAMP('MICROS'), values: [1_000n, 5_000n, 3_000n], rowGroupSize: 2 })
const TIMES = { minTime: 1, maxTime: 5, rows: 3 }

/** A file that ends in this footer. */
function withFooter(footer: Uint8Array, claimed = footer.length): Uint8Array {
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(claimed)
  tail.write('PAR1', 4)
  return Buffer.concat([Buffer.from('PAR1'), footer, tail])
}

describe('rubbish', () => {
  it('[R-11] the times of any rows in any row groups come out as they were written', async () => {
    const { times } = await inspector()
    const value = fc.oneof(
      { weight: 9, arbitrary: fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }) },
      { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }) },
    )
    const values = fc.array(value, { minLength: 1, maxLength: 40 })
    const unit = fc.constantFrom(['MICROS', 1_000n] as const, ['NANOS', 1_000_000n] as const)
    await fc.assert(
      fc.asyncProperty(
        values,
        unit,
        fc.integer({ min: 1, max: 10 }),
        async (rows, [name, by], rowGroupSize) => {
          const found = await times(parquet({ type: TIMESTAMP(name), values: rows, rowGroupSize }))
          const sorted = [...rows].sort((a, b) => Number(a - b))
          const [min = 0n, max = 0n] = [sorted[0], sorted.at(-1)]
          // Beyond 71,000 years the manifest takes no time.
          if (min < -(2n ** 51n) * by || max > 2n ** 51n * by) {
            expect(found).toBeUndefined()
            return
          }
          expect(found?.rows).toBe(rows.length)
          // Within the millisecond before the oldest, and the one after the newest.
          for (const apart of [
            min - BigInt(found?.minTime ?? 0) * by,
            BigInt(found?.maxTime ?? 0) * by - max,
          ]) {
            expect(apart).toBeGreaterThanOrEqual(0n)
            expect(apart).toBeLessThan(by)
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  it('[R-11] whatever bytes a file has, it is known or unknown, and soon', async () => {
    const { inspect } = await inspector()
    const rubbish = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 400 }).map((footer) => withFooter(footer)),
      fc
        .tuple(fc.uint8Array({ maxLength: 50 }), fc.nat(0xffff_ffff))
        .map(([footer, length]) => withFooter(footer, length)),
    )
    await fc.assert(
      fc.asyncProperty(rubbish, async (bytes) => {
        expect(await inspect(bytes)).toEqual({ status: 'unknown' })
      }),
      { numRuns: 1000 },
    )
  })

  it('[R-11] cut off anywhere, nothing is known of it', async () => {
    const { times } = await inspector()
    expect(await times(FILE)).toEqual(TIMES)
    for (let length = 0; length < FILE.length; length++)
      expect(await times(FILE.subarray(0, length)), `cut at ${length}`).toBeUndefined()
  })

  it('[R-11] with bytes of its footer changed, it fails in no other way than to be unknown', async () => {
    const { inspect, results } = await inspector()
    const footer = FILE.length - 8 - Buffer.from(FILE).readUInt32LE(FILE.length - 8)
    for (let at = footer; at < FILE.length; at++)
      for (const bit of [1, 0x10, 0x80]) {
        const changed = Uint8Array.from(FILE)
        changed[at] = (changed[at] as number) ^ bit
        const { status } = await inspect(changed)
        expect(['known', 'unknown'], `byte ${at}, bit ${bit}`).toContain(status)
      }
    expect(results()).toMatchObject({
      footer_damaged: expect.any(Number),
      implausible: expect.any(Number),
      no_column: expect.any(Number),
    })
  })

  it('[R-11] a footer that claims to be huge is not read', async () => {
    const { times, results } = await inspector()
    for (const claimed of [0xffff_ffff, 0x7fff_ffff, FILE.length, FILE.length - 11]) {
      const bytes = Buffer.from(FILE)
      bytes.writeUInt32LE(claimed, bytes.length - 8)
      expect(await times(bytes)).toBeUndefined()
    }
    // As long as it says, and longer than a plugin may read.
    expect(await times(withFooter(new Uint8Array(INSPECT_BYTES)))).toBeUndefined()
    expect(results()).toEqual({ footer_damaged: 4, footer_too_large: 1 })
  })

  it.each<[what: string, footer: Uint8Array]>([
    ['a number that never ends', new Uint8Array(4 * 1024 * 1024).fill(0xff).fill(0x16, 0, 1)],
    ['structs in structs', new Uint8Array(1024 * 1024).fill(0x1c)],
    ['lists in lists', new Uint8Array(1024 * 1024).fill(0x19)],
    [
      'millions of empty structs',
      Buffer.concat([Buffer.from([0x19, 0xfc, 0x80, 0x80, 0x80, 0x01]), new Uint8Array(3 * 1024 * 1024)]),
    ],
    ['millions of truths', new Uint8Array(4 * 1024 * 1024).fill(0x11)],
  ])('[R-11] a footer of %s takes neither time nor memory', async (_what, footer) => {
    const { times, results } = await inspector()
    const before = process.memoryUsage().heapUsed
    const start = performance.now()
    expect(await times(withFooter(footer))).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(2000)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 * 1024)
    const [why] = Object.keys(results())
    expect(['footer_damaged', 'footer_too_large']).toContain(why)
  })
})
