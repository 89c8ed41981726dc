import type { NewEntry } from '@holdfast/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../src/format/bytes.ts'
import { readBatch, recordBatch } from '../src/format/record.ts'
import { openMemory } from '../src/store/memory.ts'
import { batchOf, openState } from './open-state.ts'
import { newEntry, register, undo } from './support.ts'

const ULID = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
const time = fc.integer({ min: -(2 ** 51), max: 2 ** 51 })
const count = fc.maxSafeNat()
const text = fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' })
/** Plain and other names, short and long, alone and below others; with keys that tell their path, and others. */
const name = fc.constantFrom(
  ...['a', 'a/b', 'a/b.parquet', 'a/é', `a/${'n'.repeat(95)}`, `a/${'n'.repeat(96)}`, `a/${'é'.repeat(48)}`],
  ...['a/b/c', 'a/c/d.x', 'a/c/e~f', '.env', 'b.c/.d'],
)
const entry: fc.Arbitrary<NewEntry> = fc
  .record(
    {
      path: name,
      suffix: fc.constantFrom('', '1', `~${ULID}`),
      namespace: fc.constantFrom('n', 'é'.repeat(60)),
      size: fc.nat(),
      checksum: fc.constantFrom(`sha256:${'0f'.repeat(32)}`, 'sha256:0f', 'crc32:00ff00ff'),
      createdAt: count,
      origin: text,
      storeId: text,
      version: text,
      changedAt: time,
      minTime: time,
      maxTime: time,
      rows: fc.nat(),
      timesFrom: fc.constantFrom('path' as const, 'caller' as const),
      adopted: fc.boolean(),
      metadata: fc.dictionary(text, text),
    },
    { requiredKeys: ['path', 'suffix', 'namespace', 'size', 'checksum', 'createdAt', 'origin', 'storeId'] },
  )
  .map(({ path, suffix, adopted, ...fields }) => {
    const dot = path.lastIndexOf('.')
    const cut = dot > path.lastIndexOf('/') + 1 ? dot : path.length
    const key = path.slice(0, cut) + suffix + path.slice(cut)
    return newEntry(path, { ...fields, key, ...(adopted && { adopted }) })
  })

it('[M-05] whoever writes a record applies what its readers get, and makes the same rows of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(entry, fc.boolean()), { maxLength: 12 }), async (given) => {
      const writer = await openState(openMemory())
      const reader = await openState(openMemory())
      for (const [entry, strict] of given) {
        // A strict one is taken back, with the folders and namespaces that it made.
        const ops = strict ? [register(entry.path, entry), undo('nowhere')] : [register(entry.path, entry)]
        const batch = batchOf(ops, { strict })
        const recorded = recordBatch(new ByteWriter(), batch, batch.id)
        const [op, ...others] = recorded.batch.ops
        const { written: _, ...kept } = op as typeof op & { written: unknown }
        expect({ ...recorded.batch, ops: [kept, ...others] }).toEqual(
          readBatch(new ByteReader(recorded.bytes)),
        )
        expect(writer.apply([batch], 0, 'writer')).toEqual(reader.apply([batch], 0, 'reader'))
        expect(writer.state.head).toEqual(reader.state.head)
        expect(writer.state.entry(entry.path)).toEqual(reader.state.entry(entry.path))
      }
      expect(writer.check()).toEqual([])
    }),
    { numRuns: 300 },
  )
})
