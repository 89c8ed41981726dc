import type { OpOutcome } from '@holdfast/core'
import { type ByteReader, type ByteWriter, newer } from '../format/bytes.ts'
import { outcomeRow } from '../format/rows.ts'
import type { Applied } from '../state/apply.ts'
import { readOutcomes, writeOutcomes } from '../state/outcomes.ts'
import type { Rows } from '../state/rows.ts'

/** Format of a record's outcomes. */
const VERSION = 1

/** Inside a transaction: what became of the batches of a record. */
export function putOutcomes(rows: Rows, index: number, batches: readonly Applied[]): void {
  rows.insert(outcomeRow(index), (payload) => write(payload, batches))
}

/** The outcomes of each batch of a record; undefined for one that was rejected or repeated, which is no event. */
export function outcomesAt(rows: Rows, index: number): (readonly OpOutcome[] | undefined)[] | undefined {
  return rows.get(outcomeRow(index), read)
}

function write(writer: ByteWriter, batches: readonly Applied[]): void {
  writer.u8(VERSION).varint(batches.length)
  for (const { status, repeated, outcomes } of batches) {
    const tookEffect = status === 'committed' && !repeated
    writer.u8(tookEffect ? 1 : 0)
    if (tookEffect) writeOutcomes(writer, outcomes)
  }
}

function read(reader: ByteReader): (readonly OpOutcome[] | undefined)[] {
  const version = reader.u8()
  if (version !== VERSION) throw newer("a record's outcomes", version)
  return Array.from({ length: reader.varint() }, () => (reader.u8() === 1 ? readOutcomes(reader) : undefined))
}
