import type { CondemnOp, Fence, Op, StorageKey } from '@holdfast/core'
import { ByteReader, type ByteWriter, corrupt, newer } from './bytes.ts'
import { readEntry, writeEntry } from './entry.ts'
import { readUnlisted, writeUnlisted } from './unlisted.ts'

/** Format of a log record. */
const VERSION = 1

/** A batch as it stands in a record. */
export interface RecordedBatch {
  readonly id: string
  readonly ops: readonly Op[]
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

const OPS = ['register', 'condemn', 'undo', 'doom', 'erased'] as const satisfies readonly Op['type'][]

export function writeRecordHead(
  writer: ByteWriter,
  record: Omit<Recorded, 'batches'>,
  batches: number,
): void {
  writer.u8(VERSION).u64(record.previous).varint(record.time).text(record.origin).varint(batches)
}

export function writeBatch(writer: ByteWriter, batch: RecordedBatch): void {
  writer.text(batch.id).u8((batch.strict ? STRICT : 0) | (batch.fence ? FENCED : 0))
  if (batch.fence) writer.text(batch.fence.role).varint(batch.fence.epoch)
  writer.varint(batch.ops.length)
  for (const op of batch.ops) writeOp(writer, op)
}

export function readRecord(bytes: Buffer): Recorded {
  const reader = new ByteReader(bytes)
  const version = reader.u8()
  if (version !== VERSION) throw newer('a log record', version)
  const head = { previous: reader.u64(), time: reader.varint(), origin: reader.text() }
  const batches: RecordedBatch[] = []
  for (let left = reader.varint(); left > 0; left--) batches.push(readBatch(reader))
  if (!reader.done) throw corrupt('a log record with bytes behind its end')
  return { ...head, batches }
}

/** A batch as {@link writeBatch} wrote it. */
export function readBatch(reader: ByteReader): RecordedBatch {
  const id = reader.text()
  const flags = reader.u8()
  const fence = flags & FENCED ? { role: reader.text(), epoch: reader.varint() } : undefined
  const ops: Op[] = []
  for (let left = reader.varint(); left > 0; left--) ops.push(readOp(reader))
  return { id, ops, strict: (flags & STRICT) !== 0, ...(fence && { fence }) }
}

function writeOp(writer: ByteWriter, op: Op): void {
  writer.u8(OPS.indexOf(op.type))
  switch (op.type) {
    case 'register':
      writeEntry(writer, op.entry)
      return
    case 'condemn':
      writeCondemn(writer, op)
      return
    case 'undo':
    case 'doom':
      writer.text(op.key)
      return
    case 'erased':
      writer.text(op.key).varint(op.keep)
      return
  }
}

function readOp(reader: ByteReader): Op {
  const number = reader.u8()
  const type = OPS[number]
  switch (type) {
    case 'register':
      return { type, entry: readEntry(reader) }
    case 'condemn':
      return readCondemn(reader)
    case 'undo':
    case 'doom':
      return { type, key: reader.text() as StorageKey }
    case 'erased':
      return { type, key: reader.text() as StorageKey, keep: reader.varint() }
    default:
      throw newer('an op', number)
  }
}

const GENERATION = 1
const UNLISTED = 2
const RUN = 4

function writeCondemn(writer: ByteWriter, op: CondemnOp): void {
  const flags =
    (op.generation === undefined ? 0 : GENERATION) |
    (op.unlisted === undefined ? 0 : UNLISTED) |
    (op.run === undefined ? 0 : RUN)
  writer.u8(flags).text(op.key).varint(op.delay).text(op.reason)
  if (op.generation !== undefined) writer.varint(op.generation)
  if (op.run !== undefined) writer.text(op.run)
  if (op.unlisted) writeUnlisted(writer, op.unlisted)
}

function readCondemn(reader: ByteReader): CondemnOp {
  const flags = reader.u8()
  return {
    type: 'condemn',
    key: reader.text() as StorageKey,
    delay: reader.varint(),
    reason: reader.text(),
    ...(flags & GENERATION && { generation: reader.varint() }),
    ...(flags & RUN && { run: reader.text() }),
    ...(flags & UNLISTED && { unlisted: readUnlisted(reader) }),
  }
}
