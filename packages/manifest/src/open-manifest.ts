import {
  type Audit,
  type Clock,
  type FailpointRegistry,
  type Gate,
  hasCode,
  type Ids,
  type Log,
  type Logger,
  type Storage,
} from '@holdfast/core'
import { Committer, type CommitterParts } from './commit/committer.ts'
import { EmbeddedLog } from './commit/log.ts'
import { KeptEvents } from './consumers/kept-events.ts'
import { type Fenced, fenced } from './data-dir/fence.ts'
import { Ownership } from './data-dir/ownership.ts'
import { formatOf, STORE_FORMAT, takeOver } from './data-dir/store-format.ts'
import { StoreIdentity } from './data-dir/store-identity.ts'
import { EraseQueue } from './erase/queue.ts'
import { Unreadable } from './erase/unreadable.ts'
import { Pending } from './files/pending.ts'
import { Pins } from './files/pins.ts'
import type { Seal } from './format/seal.ts'
import type { Home, Room } from './home.ts'
import { LogReader } from './log/log-reader.ts'
import { Truncation } from './log/truncation.ts'
import type { Opened } from './opened.ts'
import { INSTALLED, readPosition } from './replicated/installed.ts'
import { joinStore } from './replicated/join-store.ts'
import { mustBeAlone } from './replicated/log-id.ts'
import { Shared } from './replicated/shared.ts'
import { publicHead } from './state/head.ts'
import { State } from './state/state.ts'
import type { KeyValue } from './store/key-value.ts'
import { switchable } from './store/switchable.ts'

export interface ManifestParts {
  readonly home: Home
  readonly givenId: string | undefined
  readonly storage: Storage
  /** The log that is shared with other nodes; undefined: this node has one of its own. */
  readonly sharedLog: Log | undefined
  readonly clock: Clock
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  readonly gate: Gate
  readonly audit: Audit
  readonly log: Logger
  /** Records that the log keeps, whoever needs them. */
  readonly logKeep: number
  /** Records that a tap may hold back. */
  readonly tapCeiling: number
}

/** An open manifest, with what only its service uses. */
export interface Running extends Opened {
  readonly identity: StoreIdentity
  readonly ownership: Ownership | undefined
  readonly store: Fenced
  readonly upgradedFrom: number | undefined
  readonly seal: Seal
  readonly shared: Shared | undefined
  /** Puts another store in the place of this one, and gives this one. */
  readonly use: (next: KeyValue) => KeyValue
  readonly isOurs: (storeId: string | undefined) => boolean
  readonly room: Room
  readonly close: () => Promise<void>
}

/** What opening needs of the one who opens. */
export interface Opening {
  /** Names this process in the store. */
  readonly incarnation: string
  /** Gives the home free again; called when everything is closed. */
  readonly unlock: () => void
  /** The manifest, once it is open. */
  readonly opened: () => Opened
  /** Hears of a key that was reported erased while the state still has it. */
  readonly diverged: (key: string, found: string) => void
  readonly signal?: AbortSignal
}

/**
 * Opens the store of a home and makes the parts of a manifest over it: the log and the committer of its own, or those
 * of the log that it shares with other nodes. Nothing begins yet.
 */
export async function openManifest(
  manifestParts: ManifestParts,
  { incarnation, unlock, opened, diverged, signal }: Opening,
): Promise<Running> {
  const { home, givenId, storage, clock, ids, failpoints, log, logKeep, tapCeiling, sharedLog } =
    manifestParts
  const { room } = home
  const seal = await home.seal()
  const base = switchable(await home.openManifest(signal ? { signal } : {}))
  const store = fenced(base, seal, incarnation)
  try {
    const state = new State(store, seal)
    const { rows } = state
    // Whoever has a newer format keeps everything as it is.
    formatOf(rows)
    if (!sharedLog) mustBeAlone(rows)
    const embedded = new EmbeddedLog(rows, seal)
    const { nodeId, upgradedFrom: nodeFormat } = await home.nodeId(givenId)
    if (nodeFormat !== undefined) log.info({ from: nodeFormat }, 'node.json was upgraded')
    if (failpoints.armed) await failpoints.hit('start.life.before')
    const upgradedFrom = takeOver(state, embedded, { incarnation: incarnation, logId: ids.next() })
    if (failpoints.armed) await failpoints.hit('start.life.after')
    if (upgradedFrom !== undefined)
      log.warn(
        { from: upgradedFrom, to: STORE_FORMAT },
        'the store was upgraded; an older version cannot open it',
      )
    const isOneStore = !sharedLog || storage.topology === 'shared'
    if (sharedLog && isOneStore) await joinStore(storage, rows, ids, sharedLog.id)
    const identity = await StoreIdentity.open(storage, rows, ids, failpoints)
    // A store that nodes share belongs to their log, which tells how far each of them is.
    const ownership =
      sharedLog && isOneStore
        ? undefined
        : new Ownership({
            rows,
            fence: store,
            records: storage.records,
            identity,
            nodeId,
            head: () => publicHead(state.head),
            clock,
            ids,
            failpoints,
            log,
          })
    const isOurs = (storeId: string | undefined) =>
      isOneStore || storeId === undefined || storeId === identity.storeId
    const pending = new Pending(rows)
    const eraseQueue = new EraseQueue(rows, new Unreadable(rows, log))
    const events = new KeptEvents(rows, () => shared?.floor ?? embedded.floor().index)
    const local = {
      settled: (key: string) => pending.end(key),
      mustErase: (key: string, since: number, storeId: string | undefined) => {
        if (isOurs(storeId)) eraseQueue.add(key, since)
      },
      // Where each node has a disk, what one has erased is still on the others.
      erased: (key: string) => {
        if (isOneStore) eraseQueue.remove(key)
      },
      diverged: diverged,
      deleted: events.deleted,
      applied: events.applied,
      reload: () => {
        eraseQueue.reload()
        events.reload()
        shared?.members.reload()
      },
    } satisfies CommitterParts['local']
    const parts = { state, log: embedded, local, clock, room, ids, failpoints, nodeId }
    const own = new Committer(parts)
    const shared: Shared | undefined =
      sharedLog &&
      new Shared({
        ...parts,
        shared: sharedLog,
        own,
        seal,
        logger: log,
        gate: manifestParts.gate,
        keep: logKeep,
        ceiling: tapCeiling,
        consumers: () => events.consumers.all(),
      })
    const committer = shared?.committer ?? own
    const reader = new LogReader({
      rows: embedded,
      failpoints,
      transact: (change) => committer.local(change),
      onCommitted: (listener) => committer.onCommitted(listener),
    })
    const close = async () => {
      reader.end()
      const mine = committer.broken === undefined && isOwned(store)
      await (shared ?? own).close()
      await room.close()
      await store.close()
      // After damage the next start looks; and after a take-over the word is the other process's.
      if (mine) await home.closed()
      unlock()
    }
    const pins = new Pins(clock)
    return {
      state,
      committer,
      records: embedded,
      reader,
      source: shared?.source ?? embedded,
      installed: () => rows.get(INSTALLED, readPosition),
      erases: () => (isOneStore || shared?.roles.roleFor('erase').mayAct === true ? 'all' : 'own disk'),
      sharesLog: sharedLog !== undefined,
      oneStore: isOneStore,
      truncation:
        shared?.truncation ??
        new Truncation({
          opened,
          clock,
          keep: logKeep,
          ceiling: tapCeiling,
        }),
      pending,
      eraseQueue,
      pins,
      events,
      nodeId,
      storeId: identity.storeId,
      clock,
      ids,
      failpoints,
      log,
      identity,
      ownership,
      upgradedFrom,
      writable: () => {
        identity.mustBeWritable()
        room.mustHaveRoom('files.write')
      },
      mustOwn: () => store.mustOwn(),
      store,
      seal,
      shared,
      isOurs,
      use(next) {
        const old = base.swap(next)
        state.reload()
        pending.reload()
        local.reload()
        eraseQueue.unreadable.clear()
        shared?.members.forget()
        return old
      },
      room,
      close,
    }
  } catch (error) {
    await store.close()
    if (!hasCode(error, 'HF_MANIFEST_CORRUPT')) await home.closed()
    throw error
  }
}

function isOwned(store: Fenced): boolean {
  try {
    store.mustOwn()
    return true
  } catch {
    return false
  }
}
