import type { EntryChanges } from '@holdfast/core'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { readMetadata, writeMetadata } from './entry.ts'

/** Two bits a field, in this order: whether it changes, and whether it goes. Append only. */
const FIELDS = [
  'namespace',
  'version',
  'changedAt',
  'minTime',
  'maxTime',
  'timesFrom',
  'rows',
  'metadata',
] as const satisfies readonly (keyof EntryChanges)[]
const CHANGED = 1
const REMOVED = 2

export function writeChanges(writer: ByteWriter, changes: EntryChanges): void {
  let flags = 0
  for (const [at, field] of FIELDS.entries())
    if (changes[field] !== undefined) flags += (changes[field] === null ? REMOVED : CHANGED) * 4 ** at
  writer.varint(flags)
  const { namespace, version, changedAt, minTime, maxTime, timesFrom, rows, metadata } = changes
  if (namespace !== undefined) writer.text(namespace)
  if (typeof version === 'string') writer.text(version)
  for (const time of [changedAt, minTime, maxTime]) if (typeof time === 'number') writer.signed(time)
  if (typeof timesFrom === 'string') writer.u8(timesFrom === 'path' ? 0 : 1)
  if (typeof rows === 'number') writer.varint(rows)
  if (metadata) writeMetadata(writer, metadata)
}

export function readChanges(reader: ByteReader): EntryChanges {
  const flags = reader.varint()
  const changes: Record<string, unknown> = {}
  for (const [at, field] of FIELDS.entries()) {
    const how = Math.floor(flags / 4 ** at) % 4
    if (how === REMOVED) changes[field] = null
    else if (how === CHANGED) changes[field] = readField(reader, field)
  }
  return changes
}

function readField(reader: ByteReader, field: (typeof FIELDS)[number]): EntryChanges[typeof field] {
  switch (field) {
    case 'namespace':
    case 'version':
      return reader.text()
    case 'changedAt':
    case 'minTime':
    case 'maxTime':
      return reader.signed()
    case 'timesFrom':
      return reader.u8() === 0 ? 'path' : 'caller'
    case 'rows':
      return reader.varint()
    case 'metadata':
      return readMetadata(reader)
  }
}
