import { CONDEMNED_AS, type CondemnedAs, type Entry, type FilePath } from '@holdfast/core'
import { type ByteReader, type ByteWriter, corrupt, newer } from './bytes.ts'
import { readListed, writeListed } from './entry.ts'
import { readUnlisted, type Unlisted, writeUnlisted } from './unlisted.ts'

/** Format of a key's row. The tombstones of format 1 do not say how their key was condemned. */
const VERSION = 2

interface OnItsWayOut {
  readonly as: CondemnedAs
  readonly reason: string
  readonly run?: string
  /** The replacement that condemned it; then it is condemned as `replaced`. */
  readonly replacement?: number
  readonly generation: number
  readonly entry?: Entry
  readonly unlisted?: Unlisted
}

/** The row of a key: its state and what the later steps need. The key itself is the row's name. */
export type KeyRow =
  | { readonly state: 'live'; readonly path: FilePath }
  | ({ readonly state: 'condemned'; readonly notBefore: number } & OnItsWayOut)
  | ({ readonly state: 'doomed'; readonly since: number } & OnItsWayOut)
  | {
      readonly state: 'gone'
      readonly as: CondemnedAs
      readonly until: number
      readonly generation: number
    }

const STATES = ['live', 'condemned', 'doomed', 'gone'] as const

const RUN = 1
const ENTRY = 2
const UNLISTED = 4
const REPLACED = 8

/** The row of a live key, without an object for it: most rows are that. */
export function writeLiveKey(writer: ByteWriter, path: FilePath): void {
  writer.u8(VERSION).u8(STATES.indexOf('live')).text(path)
}

export function writeKeyRow(writer: ByteWriter, row: KeyRow): void {
  writer.u8(VERSION).u8(STATES.indexOf(row.state))
  switch (row.state) {
    case 'live':
      writer.text(row.path)
      return
    case 'gone':
      writer.u8(CONDEMNED_AS.indexOf(row.as)).varint(row.until).varint(row.generation)
      return
    case 'condemned':
      writer.varint(row.notBefore)
      writeOnItsWayOut(writer, row)
      return
    case 'doomed':
      writer.varint(row.since)
      writeOnItsWayOut(writer, row)
      return
  }
}

export function readKeyRow(reader: ByteReader): KeyRow {
  const version = reader.u8()
  if (version > VERSION) throw newer("a key's row", version)
  const state = STATES[reader.u8()]
  switch (state) {
    case 'live':
      return { state, path: reader.text() as FilePath }
    case 'gone':
      return {
        state,
        as: version === 1 ? 'plain' : readAs(reader),
        until: reader.varint(),
        generation: reader.varint(),
      }
    case 'condemned':
      return { state, notBefore: reader.varint(), ...readOnItsWayOut(reader) }
    case 'doomed':
      return { state, since: reader.varint(), ...readOnItsWayOut(reader) }
    default:
      throw corrupt('a key in a state that there is not')
  }
}

function writeOnItsWayOut(writer: ByteWriter, row: OnItsWayOut): void {
  const flags =
    (row.run === undefined ? 0 : RUN) |
    (row.entry === undefined ? 0 : ENTRY) |
    (row.unlisted === undefined ? 0 : UNLISTED) |
    (row.replacement === undefined ? 0 : REPLACED)
  writer.u8(flags).u8(CONDEMNED_AS.indexOf(row.as)).text(row.reason).varint(row.generation)
  if (row.run !== undefined) writer.text(row.run)
  if (row.entry) writeListed(writer, row.entry, row.entry.generation)
  if (row.unlisted) writeUnlisted(writer, row.unlisted)
  if (row.replacement !== undefined) writer.varint(row.replacement)
}

function readAs(reader: ByteReader): CondemnedAs {
  const as = CONDEMNED_AS[reader.u8()]
  if (as === undefined) throw corrupt('a key condemned in a way that there is not')
  return as
}

function readOnItsWayOut(reader: ByteReader): OnItsWayOut {
  const flags = reader.u8()
  const as = readAs(reader)
  const reason = reader.text()
  const generation = reader.varint()
  return {
    as,
    reason,
    generation,
    ...(flags & RUN && { run: reader.text() }),
    ...(flags & ENTRY && { entry: readListed(reader) }),
    ...(flags & UNLISTED && { unlisted: readUnlisted(reader) }),
    ...(flags & REPLACED && { replacement: reader.varint() }),
  }
}
