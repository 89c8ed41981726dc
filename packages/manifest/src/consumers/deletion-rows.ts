import type { FilePath, Position, StorageKey } from '@holdfast/core'
import { type ByteReader, type ByteWriter, newer } from '../format/bytes.ts'
import { after, deletionRow, indexOfLogRow } from '../format/rows.ts'
import type { DoomedFile } from '../state/ops.ts'
import type { Rows } from '../state/rows.ts'

/** Format of a deletion. */
const VERSION = 1
const RUN = 1

export interface Deletion extends DoomedFile {
  readonly position: Position
}

/** Inside a transaction: a file that a record doomed, the `ordinal`th of it. */
export function putDeletion(rows: Rows, ordinal: number, deletion: Deletion): void {
  rows.insert(deletionRow(deletion.position.index, ordinal), (payload) => write(payload, deletion))
}

/** Deletions behind a record in log order, without the first `done`. */
export function deletionsBehind(rows: Rows, index: number, done: number, limit: number): Deletion[] {
  const to = deletionRow(Number.MAX_SAFE_INTEGER, 0)
  let from = deletionRow(index + 1, 0)
  if (done > 0) {
    const last = rows.names(from, to, done).at(-1)
    if (last) from = after(last)
  }
  return rows.page(from, to, limit, read)
}

function write(writer: ByteWriter, { position, key, path, reason, run }: Deletion): void {
  writer
    .u8(VERSION)
    .varint(position.term)
    .u8(run === undefined ? 0 : RUN)
  writer.text(key).text(path).text(reason)
  if (run !== undefined) writer.text(run)
}

function read(reader: ByteReader, row: Buffer): Deletion {
  const version = reader.u8()
  if (version !== VERSION) throw newer('a deletion', version)
  const position = { term: reader.varint(), index: indexOfLogRow(row) }
  const flags = reader.u8()
  return {
    position,
    key: reader.text() as StorageKey,
    path: reader.text() as FilePath,
    reason: reader.text(),
    ...(flags & RUN && { run: reader.text() }),
  }
}
