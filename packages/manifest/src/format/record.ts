import type { Batch, Fence, Op } from '@holdfast/core'
import { ByteReader, type ByteWriter, corrupt, newer } from './bytes.ts'
import { type RecordedOp, readOp, recordOp } from './op.ts'

/** Format of a log record. Format 1 had its term, fewer ops, an undo without entry and a doom without time. */
const VERSION = 2

/** A batch as it stands in a record. */
export interface RecordedBatch {
  readonly id: string
  readonly ops: readonly RecordedOp[]
  readonly strict: boolean
  readonly fence?: Fence
}

/** One step of the log: batches that take effect together, at one time. */
export interface Recorded {
  /** XXH64 of the record before: the chain by which a log that diverged is noticed. */
  readonly previous: bigint
  readonly time: number
  readonly origin: string
  readonly batches: readonly RecordedBatch[]
}

const STRICT = 1
const FENCED = 2

export function writeRecordHead(
  writer: ByteWriter,
  record: Omit<Recorded, 'batches'>,
  batches: number,
): void {
  writer.u8(VERSION).u64(record.previous).varint(record.time).text(record.origin).varint(batches)
}

/** A batch for the next record: its bytes, and what a reader of the record gets. The caller's objects are its own again. */
export function recordBatch(
  scratch: ByteWriter,
  batch: Batch,
  id: string,
): { readonly bytes: Buffer; readonly batch: RecordedBatch } {
  const strict = batch.strict === true
  const fence = batch.fence && { ...batch.fence }
  scratch
    .reset()
    .text(id)
    .u8((strict ? STRICT : 0) | (fence ? FENCED : 0))
  if (fence) scratch.text(fence.role).varint(fence.epoch)
  scratch.varint(batch.ops.length)
  const written = { bytes: scratch.view() }
  const ops: RecordedOp[] = []
  for (const op of batch.ops) ops.push(recordOp(scratch, op, written, VERSION))
  written.bytes = scratch.copy()
  return { bytes: written.bytes, batch: { id, ops, strict, ...(fence && { fence }) } }
}

export function readRecord(bytes: Buffer): Recorded {
  const reader = new ByteReader(bytes)
  const version = reader.u8()
  if (version > VERSION) throw newer('a log record', version)
  const previous = reader.u64()
  if (version === 1) reader.varint()
  const head = { previous, time: reader.varint(), origin: reader.text() }
  const batches: RecordedBatch[] = []
  for (let left = reader.varint(); left > 0; left--) batches.push(readBatch(reader, version))
  if (!reader.done) throw corrupt('a log record with bytes behind its end')
  return { ...head, batches }
}

/** A batch as {@link recordBatch} wrote it. */
export function readBatch(reader: ByteReader, version = VERSION): RecordedBatch {
  const id = reader.text()
  const flags = reader.u8()
  const fence = flags & FENCED ? { role: reader.text(), epoch: reader.varint() } : undefined
  const ops: Op[] = []
  for (let left = reader.varint(); left > 0; left--) ops.push(readOp(reader, version))
  return { id, ops, strict: (flags & STRICT) !== 0, ...(fence && { fence }) }
}
