import type {
  CondemnOp,
  HoldOp,
  Op,
  RegisterOp,
  ReleaseOp,
  StorageKey,
  UndoOp,
  UndoReplacementOp,
} from '@holdfast/core'
import { ByteReader, type ByteWriter, newer } from './bytes.ts'
import { readChanges, writeChanges } from './changes.ts'
import { copyEntry, readEntry, writeEntry } from './entry.ts'
import { readHold, writeHold } from './hold.ts'
import { readUnlisted, writeUnlisted } from './unlisted.ts'

/** How long a key stays retired that is dropped because its bytes are missing, unless its doom says otherwise, ms. */
export const KEEP_MS = 30 * 86_400_000

/** The ops by their numbers in a record. Append only. */
const OPS = [
  'register',
  'condemn',
  'undo',
  'doom',
  'erased',
  'update',
  'undo replacement',
  'replace',
  'hold',
  'release',
  'forget',
  'role',
  'set',
  'hold on',
  'release on',
] as const
const REGISTER = OPS.indexOf('register')
type OpName = (typeof OPS)[number]

/** `hold on`, `release on`: on the rule that somebody has seen. */
function nameOf(op: Op): OpName {
  if (op.type === 'undo' && 'replacement' in op) return 'undo replacement'
  if ((op.type === 'hold' || op.type === 'release') && op.current !== undefined) return `${op.type} on`
  return op.type
}

function writeOp(writer: ByteWriter, op: Exclude<Op, RegisterOp>): void {
  writer.u8(OPS.indexOf(nameOf(op)))
  switch (op.type) {
    case 'update':
      writer.text(op.key).varint(op.generation)
      writeChanges(writer, op.changes)
      return
    case 'condemn':
      writeCondemn(writer, op)
      return
    case 'undo':
      writeUndo(writer, op)
      return
    case 'replace':
      writer.varint(op.inputs.length)
      for (const { key, generation } of op.inputs) writer.text(key).varint(generation)
      writer.varint(op.outputs.length)
      for (const entry of op.outputs) writeEntry(writer, entry)
      writer
        .varint(op.delay)
        .text(op.reason)
        .text(op.run ?? '')
      return
    case 'hold':
      writer.text(op.id)
      writeHold(writer, op)
      writeCurrent(writer, op)
      return
    case 'release':
      writer.text(op.id)
      writeCurrent(writer, op)
      return
    case 'doom':
      writer.text(op.key).varint(op.keep ?? KEEP_MS)
      return
    case 'erased':
      writer.text(op.key).varint(op.keep)
      return
    case 'forget':
      writer.text(op.key)
      return
    case 'role':
      writer.text(op.name).text(op.holder).varint(op.epoch)
      return
    case 'set':
      writer.text(op.name).text(op.value === undefined ? '' : JSON.stringify(op.value))
      writer.varint(op.generation === undefined ? 0 : op.generation + 1)
      return
  }
}

/** Where the entry of a register stands in the record: its row holds the same bytes, copied. */
export interface WrittenAt {
  /** Of the batch; set when all of it is written. */
  readonly batch: { bytes: Buffer }
  readonly from: number
  readonly to: number
}

export type RecordedOp = Op | (RegisterOp & { readonly written: WrittenAt })

/**
 * Writes an op and gives what a reader of it gets; nothing of that is the caller's. Registers come by the thousand: they
 * are copied, which costs a tenth of reading them back.
 */
export function recordOp(writer: ByteWriter, op: Op, batch: WrittenAt['batch'], version: number): RecordedOp {
  const from = writer.length
  if (op.type === 'register') {
    const entry = copyEntry(op.entry)
    writer.u8(REGISTER)
    writeEntry(writer, entry)
    return { type: 'register', entry, written: { batch, from: from + 1, to: writer.length } }
  }
  writeOp(writer, op)
  return readOp(new ByteReader(writer.copy(from)), version)
}

/** `version` is that of the record. */
export function readOp(reader: ByteReader, version: number): Op {
  const number = reader.u8()
  const name = OPS[number]
  switch (name) {
    case 'register':
      return { type: name, entry: readEntry(reader) }
    case 'update':
      return {
        type: name,
        key: readKey(reader),
        generation: reader.varint(),
        changes: readChanges(reader),
      }
    case 'condemn':
      return readCondemn(reader)
    case 'undo': {
      const key = readKey(reader)
      const listed = version > 1 && reader.u8() === 1
      return { type: name, key, ...(listed && { entry: readEntry(reader) }) }
    }
    case 'undo replacement':
      return {
        type: 'undo',
        replacement: reader.varint(),
        delay: reader.varint(),
        reason: reader.text(),
        ...readRun(reader),
      }
    case 'replace':
      return {
        type: name,
        inputs: readList(reader, () => ({ key: readKey(reader), generation: reader.varint() })),
        outputs: readList(reader, () => readEntry(reader)),
        delay: reader.varint(),
        reason: reader.text(),
        ...readRun(reader),
      }
    case 'hold':
      return { type: name, id: reader.text(), ...readHold(reader) }
    case 'hold on':
      return { type: 'hold', id: reader.text(), ...readHold(reader), current: readCurrent(reader) }
    case 'release':
      return { type: name, id: reader.text() }
    case 'release on':
      return { type: 'release', id: reader.text(), current: readCurrent(reader) }
    case 'doom':
      return { type: name, key: readKey(reader), keep: version === 1 ? KEEP_MS : reader.varint() }
    case 'erased':
      return { type: name, key: readKey(reader), keep: reader.varint() }
    case 'forget':
      return { type: name, key: readKey(reader) }
    case 'role':
      return { type: name, name: reader.text(), holder: reader.text(), epoch: reader.varint() }
    case 'set':
      return readSet(reader)
    default:
      throw newer('an op', number)
  }
}

const GENERATION = 1
const UNLISTED = 2
const RUN = 4
const MISSING = 8

function writeCondemn(writer: ByteWriter, op: CondemnOp): void {
  const flags =
    (op.generation === undefined ? 0 : GENERATION) |
    (op.unlisted === undefined ? 0 : UNLISTED) |
    (op.run === undefined ? 0 : RUN) |
    (op.erase === false ? MISSING : 0)
  writer.u8(flags).text(op.key).varint(op.delay).text(op.reason)
  if (op.generation !== undefined) writer.varint(op.generation)
  if (op.run !== undefined) writer.text(op.run)
  if (op.unlisted) writeUnlisted(writer, op.unlisted)
}

function readCondemn(reader: ByteReader): CondemnOp {
  const flags = reader.u8()
  return {
    type: 'condemn',
    key: readKey(reader),
    delay: reader.varint(),
    reason: reader.text(),
    ...(flags & GENERATION && { generation: reader.varint() }),
    ...(flags & RUN && { run: reader.text() }),
    ...(flags & UNLISTED && { unlisted: readUnlisted(reader) }),
    ...(flags & MISSING && { erase: false as const }),
  }
}

function writeUndo(writer: ByteWriter, op: UndoOp | UndoReplacementOp): void {
  if ('replacement' in op) {
    writer
      .varint(op.replacement)
      .varint(op.delay)
      .text(op.reason)
      .text(op.run ?? '')
    return
  }
  writer.text(op.key).u8(op.entry ? 1 : 0)
  if (op.entry) writeEntry(writer, op.entry)
}

function readSet(reader: ByteReader): Extract<Op, { type: 'set' }> {
  const name = reader.text()
  const value = reader.text()
  const generation = reader.varint()
  return {
    type: 'set',
    name,
    ...(value !== '' && { value: JSON.parse(value) }),
    ...(generation > 0 && { generation: generation - 1 }),
  }
}

function writeCurrent(writer: ByteWriter, { current }: HoldOp | ReleaseOp): void {
  if (current === undefined) return
  writer.u8(current === null ? 0 : 1)
  if (current) writeHold(writer, current)
}

function readCurrent(reader: ByteReader): HoldOp['current'] & (object | null) {
  return reader.u8() === 0 ? null : readHold(reader)
}

function readKey(reader: ByteReader): StorageKey {
  return reader.text() as StorageKey
}

/** A run has a name, so an empty one is none. */
function readRun(reader: ByteReader): { run?: string } {
  const run = reader.text()
  return run === '' ? {} : { run }
}

function readList<T>(reader: ByteReader, read: () => T): T[] {
  const list: T[] = []
  for (let left = reader.varint(); left > 0; left--) list.push(read())
  return list
}
