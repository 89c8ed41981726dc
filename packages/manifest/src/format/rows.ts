import { ByteWriter } from './bytes.ts'

/**
 * The tables of the manifest and the names of their rows. The first byte of a row's name is its table, so that one
 * ordered space holds them all. Rows of upper-case tables are this node's own; all others are replicated and part of
 * the state digest.
 */
export const TABLE = {
  /** path -> live entry */
  entry: 'e',
  /** key -> its state */
  key: 'k',
  /** namespace, maxTime, path -> nothing: live entries by age */
  age: 'a',
  /** namespace -> its number and counters */
  namespace: 'n',
  /** path, generation -> key that is condemned or doomed */
  leaving: 'c',
  /** state, time, key -> nothing: what is due next */
  due: 'd',
  /** folder -> how many keys and folders are directly in it and not yet gone, and how many folders */
  folder: 'f',
  /** batch id -> outcomes */
  batch: 'b',
  /** index -> ids of the batches of that record: which outcomes to forget next */
  slot: 's',
  /** number -> inputs and outputs of a replacement of which an input is still condemned */
  replacement: 'x',
  /** id -> rule that keeps files */
  hold: 'h',
  /** name -> tenure */
  role: 'r',
  /** name -> JSON value */
  setting: 'v',
  /** The state's head; not part of the digest that it carries. */
  head: 'H',
  /** index -> log record */
  log: 'L',
  /** key -> when this node began to write its bytes */
  pending: 'P',
  /** key -> what went wrong when this node's eraser tried it */
  erase: 'E',
  /** time of the next try, 0 before the first, key -> since when it is doomed */
  retry: 'R',
  /** name -> facts of this node */
  node: 'N',
  /** hook, plugin -> how far the plugin's tap has come */
  consumer: 'C',
  /** index -> which batches of the record took effect, and the outcomes of their ops */
  outcome: 'O',
  /** index, ordinal -> listed file that the record doomed */
  deletion: 'D',
} as const
export type Table = (typeof TABLE)[keyof typeof TABLE]

/** Rows of other nodes' copies too: digested. */
export function isReplicated(row: Buffer): boolean {
  return (row[0] as number) >= 0x61
}

/** A row that is named by one text. */
export function named(table: Table, name: string): Buffer {
  return Buffer.from(table + name)
}

/** The same, written in its place. */
export function writeNamed(to: ByteWriter, table: Table, name: string): void {
  to.name(table).name(name)
}

/** The text after the table. */
export function nameOf(row: Buffer, from = 1): string {
  return row.toString('utf8', from)
}

/** The first possible row behind all that begin with this one. */
export function behind(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix)
  let last = end.length - 1
  while (last >= 0 && end[last] === 0xff) last--
  // No table is 0xff, so there always is a byte to raise.
  end[last] = (end[last] as number) + 1
  return end.subarray(0, last + 1)
}

/** The first possible row after this one. */
export function after(row: Buffer): Buffer {
  return Buffer.concat([row, ZERO])
}
const ZERO = Buffer.from([0])

/** Times lie between -2^53 and 2^53; moved up by 2^53, their bytes sort as they do. */
const TIME_OFFSET = 2n ** 53n
const HALF = 2 ** 32

/** In two halves of 32 bits: a number that is moved up may not fit into a double, and a BigInt costs more than a row. */
function upperOf(time: number): number {
  return Math.floor(time / HALF) + 2 ** 21
}

function writeTime(to: ByteWriter, time: number): ByteWriter {
  return to.u32(upperOf(time)).u32(time >>> 0)
}

/** Most names are shorter, bytes. */
const NAME_BYTES = 256

/** The name that `write` writes, for keeps. */
function rowOf(write: (to: ByteWriter) => void): Buffer {
  const row = new ByteWriter(Buffer.allocUnsafe(NAME_BYTES))
  write(row)
  return row.view()
}

export function writeAgeRow(to: ByteWriter, namespace: number, maxTime: number, path: string): void {
  writeTime(to.name(TABLE.age).u32(namespace), maxTime).name(path)
}

export function ageRow(namespace: number, maxTime: number, path: string): Buffer {
  return rowOf((row) => writeAgeRow(row, namespace, maxTime, path))
}

export function pathOfAgeRow(row: Buffer): string {
  return nameOf(row, 13)
}

export function writeLeavingRow(to: ByteWriter, path: string, generation: number): void {
  // Paths hold no NUL: the rows of one path lie together, before those of longer ones.
  to.name(TABLE.leaving)
    .name(path)
    .u8(0)
    .u32(Math.floor(generation / HALF))
    .u32(generation >>> 0)
}

export function leavingRow(path: string, generation: number): Buffer {
  return rowOf((row) => writeLeavingRow(row, path, generation))
}

export type DueState = 'condemned' | 'doomed' | 'gone'
const DUE = { condemned: 'c', doomed: 'd', gone: 'g' } as const

export function writeDueRow(to: ByteWriter, state: DueState, time: number, key: string): void {
  writeTime(to.name(TABLE.due).name(DUE[state]), time).name(key)
}

export function dueRow(state: DueState, time: number, key: string): Buffer {
  return rowOf((row) => writeDueRow(row, state, time, key))
}

export function keyOfDueRow(row: Buffer): string {
  return nameOf(row, 10)
}

export function timeOfDueRow(row: Buffer): number {
  return Number(row.readBigUInt64BE(2) - TIME_OFFSET)
}

export function writeRetryRow(to: ByteWriter, time: number, key: string): void {
  writeTime(to.name(TABLE.retry), time).name(key)
}

export function retryRow(time: number, key: string): Buffer {
  return rowOf((row) => writeRetryRow(row, time, key))
}

export function keyOfRetryRow(row: Buffer): string {
  return nameOf(row, 9)
}

export function timeOfRetryRow(row: Buffer): number {
  return Number(row.readBigUInt64BE(1) - TIME_OFFSET)
}

export function logRow(index: number): Buffer {
  const row = Buffer.allocUnsafe(9)
  row.write(TABLE.log, 0)
  row.writeBigUInt64BE(BigInt(index), 1)
  return row
}

/** Also the number of a row that is named after a log row. */
export function indexOfLogRow(row: Buffer): number {
  return Number(row.readBigUInt64BE(1))
}

export function outcomeRow(index: number): Buffer {
  const row = logRow(index)
  row.write(TABLE.outcome, 0)
  return row
}

export function deletionRow(index: number, ordinal: number): Buffer {
  const row = Buffer.allocUnsafe(13)
  row.write(TABLE.deletion, 0)
  row.writeBigUInt64BE(BigInt(index), 1)
  row.writeUInt32BE(ordinal, 9)
  return row
}

export function ordinalOfDeletion(row: Buffer): number {
  return row.readUInt32BE(9)
}

/** By the index of the record. */
export function slotRow(index: number): Buffer {
  const row = logRow(index)
  row.write(TABLE.slot, 0)
  return row
}

export function replacementRow(replacement: number): Buffer {
  const row = logRow(replacement)
  row.write(TABLE.replacement, 0)
  return row
}
