import {
  type Entry,
  type FilePath,
  MINT_BYTES,
  mintKey,
  type NewEntry,
  type StorageKey,
} from '@holdfast/core'
import { type ByteReader, type ByteWriter, newer } from './bytes.ts'

/** Format of an entry, in rows and in log records. */
const VERSION = 1

const VERSION_KNOWN = 1 << 0
const CHANGED_AT = 1 << 1
const MIN_TIME = 1 << 2
const MAX_TIME = 1 << 3
const ROWS = 1 << 4
const ADOPTED = 1 << 5
const METADATA = 1 << 6
const TIMES_FROM_PATH = 1 << 7
const TIMES_FROM_CALLER = 1 << 8
/** The key is the path with a ULID: only the ULID is stored. */
const MINTED = 1 << 9
const SHA256 = 1 << 10

const SHA256_PREFIX = 'sha256:'

export function writeEntry(writer: ByteWriter, entry: NewEntry): void {
  const minted = mintedUlid(entry)
  const sha256 =
    entry.checksum.startsWith(SHA256_PREFIX) && entry.checksum.length === SHA256_PREFIX.length + 64
  const flags =
    (entry.version === undefined ? 0 : VERSION_KNOWN) |
    (entry.changedAt === undefined ? 0 : CHANGED_AT) |
    (entry.minTime === undefined ? 0 : MIN_TIME) |
    (entry.maxTime === undefined ? 0 : MAX_TIME) |
    (entry.rows === undefined ? 0 : ROWS) |
    (entry.adopted ? ADOPTED : 0) |
    (entry.metadata === undefined ? 0 : METADATA) |
    (entry.timesFrom === 'path' ? TIMES_FROM_PATH : 0) |
    (entry.timesFrom === 'caller' ? TIMES_FROM_CALLER : 0) |
    (minted === undefined ? 0 : MINTED) |
    (sha256 ? SHA256 : 0)
  writer.u8(VERSION).varint(flags).text(entry.path)
  writer.text(minted ?? entry.key)
  writer.text(entry.namespace).varint(entry.size)
  if (sha256) writer.hex(entry.checksum, SHA256_PREFIX.length)
  else writer.text(entry.checksum)
  writer.varint(entry.createdAt).text(entry.origin).text(entry.storeId)
  if (entry.version !== undefined) writer.text(entry.version)
  if (entry.changedAt !== undefined) writer.signed(entry.changedAt)
  if (entry.minTime !== undefined) writer.signed(entry.minTime)
  if (entry.maxTime !== undefined) writer.signed(entry.maxTime)
  if (entry.rows !== undefined) writer.varint(entry.rows)
  if (entry.metadata !== undefined) writeMetadata(writer, entry.metadata)
}

/** What a reader gets of an entry once it is written: its fields, and nothing else that an object may carry. */
export function copyEntry(entry: NewEntry): NewEntry {
  const { version, changedAt, minTime, maxTime, rows, metadata, adopted, timesFrom } = entry
  const copy: Growing<NewEntry> = {
    path: entry.path,
    key: entry.key,
    namespace: entry.namespace,
    size: entry.size,
    checksum: entry.checksum,
    createdAt: entry.createdAt,
    origin: entry.origin,
    storeId: entry.storeId,
  }
  if (version !== undefined) copy.version = version
  if (changedAt !== undefined) copy.changedAt = changedAt
  if (minTime !== undefined) copy.minTime = minTime
  if (maxTime !== undefined) copy.maxTime = maxTime
  if (rows !== undefined) copy.rows = rows
  if (metadata !== undefined) copy.metadata = { ...metadata }
  if (adopted) copy.adopted = true
  if (timesFrom !== undefined) copy.timesFrom = timesFrom
  return copy
}

export function readEntry(reader: ByteReader): NewEntry {
  const version = reader.u8()
  if (version !== VERSION) throw newer('an entry', version)
  const flags = reader.varint()
  const has = (flag: number) => (flags & flag) !== 0
  const path = reader.text() as FilePath
  const name = reader.text()
  const key = has(MINTED) ? mintKey(path, name) : (name as StorageKey)
  const namespace = reader.text()
  const size = reader.varint()
  const checksum = has(SHA256) ? SHA256_PREFIX + reader.hex(32) : reader.text()
  const createdAt = reader.varint()
  const origin = reader.text()
  const storeId = reader.text()
  // One object that grows, not one for each field that may be there: a scan makes millions of these.
  const entry: Growing<NewEntry> = {
    path,
    key,
    namespace,
    size,
    checksum,
    createdAt,
    origin,
    storeId,
  }
  if (has(VERSION_KNOWN)) entry.version = reader.text()
  if (has(CHANGED_AT)) entry.changedAt = reader.signed()
  if (has(MIN_TIME)) entry.minTime = reader.signed()
  if (has(MAX_TIME)) entry.maxTime = reader.signed()
  if (has(ROWS)) entry.rows = reader.varint()
  if (has(METADATA)) entry.metadata = readMetadata(reader)
  if (has(ADOPTED)) entry.adopted = true
  if (has(TIMES_FROM_PATH)) entry.timesFrom = 'path'
  if (has(TIMES_FROM_CALLER)) entry.timesFrom = 'caller'
  return entry
}

type Growing<T> = { -readonly [K in keyof T]: T[K] }

export function writeListed(writer: ByteWriter, entry: NewEntry, generation: number): void {
  writer.varint(generation)
  writeEntry(writer, entry)
}

export function readListed(reader: ByteReader): Entry {
  const generation = reader.varint()
  return Object.assign(readEntry(reader), { generation })
}

/** The 26 characters behind the last tilde of a key, if it can be told from its path and them. */
function mintedUlid({ path, key }: NewEntry): string | undefined {
  if (key.length !== path.length + MINT_BYTES) return undefined
  const tilde = key.lastIndexOf('~')
  const ulid = key.slice(tilde + 1, tilde + MINT_BYTES)
  return mintKey(path, ulid) === key ? ulid : undefined
}

/** In the order of the names, so that equal metadata has equal bytes on every node. */
export function writeMetadata(writer: ByteWriter, metadata: Readonly<Record<string, string>>): void {
  const names = Object.keys(metadata).sort()
  writer.varint(names.length)
  for (const name of names) writer.text(name).text(metadata[name] as string)
}

export function readMetadata(reader: ByteReader): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null)
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.text()
    metadata[name] = reader.text()
  }
  return { ...metadata }
}
