import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import {
  type CallOptions,
  type FailpointRegistry,
  HoldfastError,
  type Log,
  logDiverged,
  type Position,
  type StateRows,
  type StorageKey,
} from '@holdfast/core'
import { STORE_FORMAT } from '../data-dir/store-format.ts'
import { syncPath } from '../disk/durable-folder.ts'
import type { EraseQueue } from '../erase/queue.ts'
import { type ByteWriter, newer } from '../format/bytes.ts'
import { after, behind, keyOfRetryRow, named, nameOf, TABLE, type Table } from '../format/rows.ts'
import type { Seal } from '../format/seal.ts'
import { INSTALLED } from '../replicated/installed.ts'
import { LOG_ID } from '../replicated/log-id.ts'
import { DIFFERING } from '../replicated/members.ts'
import { State } from '../state/state.ts'
import type { KeyValue, Row } from '../store/key-value.ts'
import { openLmdb } from '../store/lmdb.ts'
import { isQueued, join } from './join.ts'
import { restore } from './restore.ts'

/** No dot: LMDB would take it for a file. */
const BESIDE = 'manifest-next-'
/** Tables of this node alone that outlast its state. */
const KEPT: readonly Table[] = [
  TABLE.pending,
  TABLE.erase,
  TABLE.retry,
  TABLE.node,
  TABLE.consumer,
  TABLE.deletion,
]
const PAGE = 1000

export interface InstallParts {
  readonly dataDir: string
  readonly log: Log
  readonly logId: string
  readonly state: State
  readonly store: KeyValue
  readonly seal: Seal
  readonly eraseQueue: EraseQueue
  readonly deliver: boolean
  /** Whether all nodes have the same store. */
  readonly oneStore: boolean
  readonly isOurs: (storeId: string | undefined) => boolean
  readonly failpoints: FailpointRegistry
  /** Names what is restored beside: another name each time. */
  readonly name: string
  /** Puts the new store in the place of the old one in this process, at once, and gives the old one. */
  readonly use: (next: KeyValue) => KeyValue
}

/**
 * Restores another state beside this one and puts it in its place. The rename of one file is the switch: before it a
 * crash leaves the old state and litter, after it the new one.
 */
export async function install(rows: StateRows, parts: InstallParts, options: CallOptions): Promise<void> {
  const { dataDir, seal, failpoints, name, state, store, deliver, isOurs, eraseQueue, use } = parts
  await mustFit(rows, parts, options)
  const folder = joinPath(dataDir, `${BESIDE}${name}`)
  mkdirSync(folder)
  const beside = openLmdb(folder)
  let used = false
  try {
    const head = await restore(rows, { store: beside, seal, failpoints, ...options })
    const next = new State(beside, seal)
    const position = { term: head.term, index: head.index }
    if (failpoints.armed) await failpoints.hit('install.join.before')
    await join({ old: state, oldQueue: eraseQueue, next, position, deliver, isOurs })
    if (failpoints.armed) await failpoints.hit('install.join.after')
    options.signal?.throwIfAborted()
    // From here on nothing waits: what this node writes for itself is in the one or in the other.
    keepOwn(parts, beside, next, position)
    if (failpoints.armed) failpoints.hitSync('install.switch.before')
    // Inside a transaction of the old store: nobody can take it over in between.
    store.transaction(() => renameSync(joinPath(folder, DATA), joinPath(dataDir, 'manifest', DATA)))
    const old = use(beside)
    used = true
    syncPath(joinPath(dataDir, 'manifest'))
    if (failpoints.armed) failpoints.hitSync('install.switch.after')
    await old.close()
  } finally {
    if (!used) {
      await beside.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** LMDB's own name for its file. */
const DATA = 'data.mdb'

/** Removes what an install left behind that was cut short, and the lock of one that was not. Before the manifest is opened. */
export function sweepInstalls(dataDir: string): void {
  for (const name of readdirSync(dataDir))
    if (name.startsWith(BESIDE)) rmSync(joinPath(dataDir, name), { recursive: true, force: true })
}

/** @throws HF_FORMAT_NEWER, HF_LOG_DIVERGED, HF_OPTION_INVALID */
async function mustFit(
  { logId, format, head: { position } }: StateRows,
  { log, logId: own, state }: InstallParts,
  options: CallOptions,
): Promise<void> {
  if (format > STORE_FORMAT) throw newer('the state of another node', format)
  if (logId !== log.id) throw logDiverged(position, { logId, found: log.id })
  if ((await log.termAt(position.index, options)) !== position.term)
    throw logDiverged(position, { head: await log.head(options), floor: await log.floor(options) })
  // A state of another log has nothing in common with this one, whatever its numbers are.
  if (logId === own && position.index < state.head.index)
    throw new HoldfastError(
      'HF_OPTION_INVALID',
      `the state at record ${position.index} is older than this node's, at ${state.head.index}`,
      { operation: 'manifest.install', context: { position, head: state.head.index } },
    )
}

/** Copies what is this node's own, and says where its state came from. */
function keepOwn(
  { store, seal, eraseQueue, log, oneStore }: InstallParts,
  next: KeyValue,
  state: State,
  { term, index }: Position,
): void {
  // Of the one store that all have, somebody has erased by now what is not doomed any more.
  const isToErase = (key: string) =>
    isQueued(eraseQueue, key) && (!oneStore || state.key(key as StorageKey)?.state === 'doomed')
  next.transaction((writer) => {
    for (const table of KEPT)
      for (const { key, value } of rowsOf(store, table)) {
        // A key that the new state knows is pending no more.
        if (table === TABLE.pending && next.get(named(TABLE.key, nameOf(key)))) continue
        if (table === TABLE.erase && !isToErase(nameOf(key))) continue
        if (table === TABLE.retry && !isToErase(keyOfRetryRow(key))) continue
        writer.put(key, value)
      }
    writer.remove(DIFFERING)
    const put = (name: Buffer, write: (payload: ByteWriter) => void) => {
      const { row, value } = seal.close((writer) => void writer.raw(name), write)
      writer.put(row, value)
    }
    put(LOG_ID, (payload) => void payload.text(log.id))
    put(INSTALLED, (payload) => void payload.varint(term).varint(index))
  })
}

function* rowsOf(store: KeyValue, table: Table): Generator<Row> {
  const end = behind(named(table, ''))
  for (let from = named(table, ''); ; ) {
    const page = store.range({ from, to: end, limit: PAGE })
    yield* page
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    from = after(last.key)
  }
}
