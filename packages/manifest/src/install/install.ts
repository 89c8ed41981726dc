import {
  type CallOptions,
  type FailpointRegistry,
  HoldfastError,
  isHoldfastError,
  type Log,
  logDiverged,
  messageOf,
  type Position,
  type StateRows,
  type StorageKey,
} from '@holdfast/core'
import { STORE_FORMAT } from '../data-dir/store-format.ts'
import type { EraseQueue } from '../erase/queue.ts'
import { type ByteWriter, newer } from '../format/bytes.ts'
import { after, behind, keyOfRetryRow, named, nameOf, TABLE, type Table } from '../format/rows.ts'
import type { Seal } from '../format/seal.ts'
import type { Room } from '../home.ts'
import { INSTALLED } from '../replicated/installed.ts'
import { LOG_ID } from '../replicated/log-id.ts'
import { DIFFERING } from '../replicated/members.ts'
import { State } from '../state/state.ts'
import type { KeyValue, Row } from '../store/key-value.ts'
import type { Beside } from './beside.ts'
import { isQueued, join } from './join.ts'
import { restore } from './restore.ts'

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
  /** Makes an empty store beside this one. */
  readonly beside: () => Beside
  readonly log: Log
  readonly logId: string
  readonly state: State
  readonly store: KeyValue
  readonly seal: Seal
  readonly eraseQueue: EraseQueue
  readonly deliver: boolean
  readonly isOurs: (storeId: string | undefined) => boolean
  /** Whether all nodes have the same store, so that `erased` settles a key for this node too. */
  readonly oneStore: boolean
  readonly failpoints: FailpointRegistry
  readonly room: Pick<Room, 'isFull'>
  /** Puts the new store in the place of the old one in this process, at once, and gives the old one. */
  readonly use: (next: KeyValue) => KeyValue
}

/** Restores another state beside this one and puts it in its place. */
export async function install(rows: StateRows, parts: InstallParts, options: CallOptions): Promise<void> {
  const { seal, failpoints, state, store, deliver, isOurs, oneStore, eraseQueue, use } = parts
  await mustFit(rows, parts, options)
  const beside = parts.beside()
  let used = false
  try {
    const head = await restore(rows, { store: beside.store, seal, failpoints, ...options })
    const next = new State(beside.store, seal)
    const position = { term: head.term, index: head.index }
    if (failpoints.armed) await failpoints.hit('install.join.before')
    await join({ old: state, oldQueue: eraseQueue, next, position, deliver, isOurs, oneStore })
    if (failpoints.armed) await failpoints.hit('install.join.after')
    options.signal?.throwIfAborted()
    // From here on nothing waits: what this node writes for itself is in the one or in the other.
    keepOwn(parts, beside.store, next, position)
    if (failpoints.armed) failpoints.hitSync('install.switch.before')
    // Inside a transaction of the old store: nobody can take it over in between.
    store.transaction(() => {
      beside.takePlace()
      // It has the place on the disk: whatever fails from here on, it is not to be thrown away.
      used = true
    })
    const old = use(beside.store)
    try {
      beside.sync()
      if (failpoints.armed) failpoints.hitSync('install.switch.after')
    } finally {
      await old.close()
    }
  } catch (error) {
    throw isHoldfastError(error) ? error : notInstalled(error, parts.room.isFull(error))
  } finally {
    if (!used) await beside.discard()
  }
}

function notInstalled(cause: unknown, isFull: boolean): HoldfastError {
  return new HoldfastError(
    isFull ? 'HF_NO_SPACE' : 'HF_COMMIT_FAILED',
    `the state could not be installed: ${messageOf(cause)}`,
    { operation: 'manifest.install', cause },
  )
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
  if (position.index === 0) throw unfit('the state holds no record: there is nothing to take', position)
  // A state of another log has nothing in common with this one, whatever its numbers are.
  if (logId === own && position.index < state.head.index)
    throw unfit(
      `the state at record ${position.index} is older than this node's, at ${state.head.index}`,
      position,
    )
}

function unfit(message: string, position: Position): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', message, {
    operation: 'manifest.install',
    context: { position },
  })
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
  const isOver = (table: Table, row: Buffer): boolean => {
    // A key that the new state knows is pending no more.
    if (table === TABLE.pending) return next.get(named(TABLE.key, nameOf(row))) !== undefined
    if (table === TABLE.erase) return !isToErase(nameOf(row))
    return table === TABLE.retry && !isToErase(keyOfRetryRow(row))
  }
  next.transaction((writer) => {
    for (const table of KEPT)
      for (const { key, value } of rowsOf(store, table)) if (!isOver(table, key)) writer.put(key, value)
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
