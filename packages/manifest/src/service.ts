import {
  type AgeQuery,
  type Audit,
  type Batch,
  type CallOptions,
  type Clock,
  type CommitResult,
  type Condemned,
  type Denial,
  type Entry,
  type FailpointRegistry,
  type FilePath,
  type Gate,
  HoldfastError,
  hasCode,
  type Ids,
  type KeyPage,
  type KeyQuery,
  type KeyState,
  type Log,
  type Logger,
  type Manifest,
  type ManifestHead,
  type ManifestStatus,
  messageOf,
  type NamespaceCounters,
  type Page,
  type PageQuery,
  type Role,
  type Roles,
  type Service,
  type Setting,
  type StateRows,
  type Storage,
  type StorageKey,
} from '@holdfast/core'
import { Committer, type CommitterParts } from './commit/committer.ts'
import { EmbeddedLog } from './commit/log.ts'
import { KeptEvents } from './consumers/kept-events.ts'
import { type Fenced, fenced } from './data-dir/fence.ts'
import { Ownership } from './data-dir/ownership.ts'
import { formatOf, STORE_FORMAT, takeOver } from './data-dir/store-format.ts'
import { StoreIdentity } from './data-dir/store-identity.ts'
import { EraseQueue } from './erase/queue.ts'
import { Pending } from './files/pending.ts'
import { Pins } from './files/pins.ts'
import { recoverPending } from './files/recovery.ts'
import type { Seal } from './format/seal.ts'
import { ManifestHolds } from './holds.ts'
import type { Home, Room } from './home.ts'
import { install } from './install/install.ts'
import { stateRows } from './install/rows.ts'
import { LogReader } from './log/log-reader.ts'
import { Truncation } from './log/truncation.ts'
import type { Opened } from './opened.ts'
import { INSTALLED, readPosition } from './replicated/installed.ts'
import { joinStore } from './replicated/join-store.ts'
import { mustBeAlone } from './replicated/log-id.ts'
import { Shared } from './replicated/shared.ts'
import { checkState } from './state/check.ts'
import { contentDigest } from './state/digest.ts'
import { publicHead } from './state/head.ts'
import {
  condemned,
  entries,
  entriesByAge,
  keys,
  namespaces,
  publicKeyState,
  settings,
} from './state/scans.ts'
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

interface Running extends Opened {
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

/** The authority as a service: opens the store in the data folder, and gives the rest of the package what it shares. */
export class ManifestService implements Manifest, Service {
  readonly #parts: ManifestParts
  readonly #incarnation: string
  #running: Running | undefined
  /** Why nothing may be destroyed any more in this life of the node. */
  #diverged: string | undefined
  readonly holds = new ManifestHolds(() => this.opened())
  #stopped = false

  constructor(parts: ManifestParts) {
    this.#parts = parts
    this.#incarnation = parts.ids.next()
  }

  opened(): Opened {
    if (!this.#running)
      throw this.#stopped
        ? new HoldfastError('HF_STOPPED', 'the manifest is closed: the node was stopped')
        : new HoldfastError('HF_NOT_STARTED', 'the manifest is not open')
    return this.#running
  }

  async start({ signal }: CallOptions = {}): Promise<void> {
    const { home, log } = this.#parts
    const lock = home.take(this.#incarnation)
    try {
      this.#running = await this.#open(lock.release, signal)
    } catch (error) {
      lock.release()
      throw error
    }
    try {
      // What was pending when a manifest was copied may have been listed since: only the right one can end it.
      const isOurs = await this.#running.ownership?.begin()
      const unfinished = isOurs === false ? [] : [...this.#running.pending.all()]
      const recover = async () => {
        const recovered = await recoverPending(this.opened(), unfinished)
        if (recovered > 0) log.info({ recovered }, 'unfinished writes of an earlier run were condemned')
      }
      if (this.#running.shared) this.#running.shared.begin(recover)
      else await recover()
      this.#running.truncation.begin()
      this.#running.room.begin()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #open(unlock: () => void, signal?: AbortSignal): Promise<Running> {
    const { home, givenId, storage, clock, ids, failpoints, log, logKeep, tapCeiling, sharedLog } =
      this.#parts
    const { room } = home
    const seal = await home.seal()
    const base = switchable(await home.openManifest(signal ? { signal } : {}))
    const store = fenced(base, seal, this.#incarnation)
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
      const upgradedFrom = takeOver(state, embedded, { incarnation: this.#incarnation, logId: ids.next() })
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
      const eraseQueue = new EraseQueue(rows)
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
        diverged: (key: string, found: string) => this.#diverge(key, found),
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
          gate: this.#parts.gate,
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
        oneStore: isOneStore,
        truncation:
          shared?.truncation ??
          new Truncation({
            opened: () => this.opened(),
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

  async stop(): Promise<void> {
    const running = this.#running
    if (!running) return
    await running.truncation.end()
    await running.shared?.end()
    await running.committer.settle()
    await running.ownership?.end()
    this.#running = undefined
    this.#stopped = true
    await running.close()
  }

  async checkGate(_request: unknown, { signal }: CallOptions): Promise<Denial | undefined> {
    const { committer, identity, ownership, store, shared } = this.opened() as Running
    const unfit = shared?.denial()
    if (unfit) return unfit
    if (committer.broken !== undefined)
      return { deny: `the manifest cannot commit: ${committer.broken}`, reason: 'corrupt' }
    if (this.#diverged !== undefined) return { deny: this.#diverged, reason: 'state_diverged' }
    try {
      store.mustOwn()
    } catch (error) {
      return { deny: messageOf(error), reason: 'authority_lost' }
    }
    return (await identity.check(signal)) ?? (await ownership?.check(signal))
  }

  status(): ManifestStatus {
    const { ownership, upgradedFrom } = this.opened() as Running
    const behind = ownership?.behind
    return {
      format: STORE_FORMAT,
      ...(upgradedFrom !== undefined && { upgradedFrom }),
      ...(behind !== undefined && { behind }),
    }
  }

  async acknowledge({ actor }: { readonly actor: string }): Promise<boolean> {
    if (typeof actor !== 'string' || actor === '')
      throw new TypeError('acknowledge needs the name of an actor')
    const { ownership } = this.opened() as Running
    return ownership ? ownership.acknowledge(actor, this.#parts.audit) : false
  }

  /** Another node, or a bug, has erased what this state lists or can bring back: never silently. */
  #diverge(key: string, found: string): void {
    this.#diverged ??= `the bytes of ${key} were reported erased while the manifest has it as ${found}`
    this.#parts.log.error({ key, found }, 'the state has diverged: nothing is destroyed until it was checked')
  }

  get nodeId(): string {
    return this.opened().nodeId
  }

  get storeId(): string {
    return this.opened().storeId
  }

  commit(batch: Batch, options?: CallOptions): Promise<CommitResult> {
    return this.opened().committer.commit(batch, { ...options, fresh: true })
  }

  resolve(id: string, options?: CallOptions): Promise<CommitResult | undefined> {
    return this.opened().committer.resolve(id, options)
  }

  async barrier(options?: CallOptions): Promise<ManifestHead> {
    await this.opened().committer.barrier(options)
    return this.head()
  }

  rows(): StateRows {
    const { state, store, shared, records, clock } = this.opened() as Running
    return stateRows(state, store, shared?.follower.logId ?? records.id, clock)
  }

  async install(rows: StateRows, options: CallOptions = {}): Promise<ManifestHead> {
    const running = this.opened() as Running
    const { shared, events, ids } = running
    if (!shared)
      throw new HoldfastError(
        'HF_OPTION_INVALID',
        'this node has a log of its own: its state comes from there',
        {
          operation: 'manifest.install',
        },
      )
    const { dataDir } = this.#parts.home
    if (dataDir === undefined)
      throw new HoldfastError('HF_UNSUPPORTED', 'a manifest in memory has no room beside it to restore in', {
        operation: 'manifest.install',
      })
    await shared.install((closing) => {
      const deliver = events.consumers.any('onFileDeleted')
      const { logId } = shared.follower
      return install(
        rows,
        { ...running, log: shared.log, logId, dataDir, deliver, name: ids.next() },
        { signal: options.signal ? AbortSignal.any([options.signal, closing]) : closing },
      )
    })
    return this.head()
  }

  get roles(): Roles | undefined {
    return (this.opened() as Running).shared?.roles
  }

  head(): ManifestHead {
    return publicHead(this.opened().state.head)
  }

  entry(path: FilePath): Entry | undefined {
    return this.opened().state.entry(path)
  }

  key(key: StorageKey): KeyState | undefined {
    return publicKeyState(key, this.opened().state.key(key))
  }

  keys(query: KeyQuery = {}): KeyPage {
    return keys(this.opened().state, query)
  }

  entries(query: PageQuery & { readonly prefix?: string } = {}): Page<Entry> {
    return entries(this.opened().state, query)
  }

  entriesByAge(query: AgeQuery): Page<Entry> {
    return entriesByAge(this.opened().state, query)
  }

  condemned(query: PageQuery & { readonly prefix?: string } = {}): Page<Condemned> {
    return condemned(this.opened().state, query)
  }

  namespaces(query: PageQuery = {}): Page<NamespaceCounters> {
    return namespaces(this.opened().state, query)
  }

  role(name: string): Role | undefined {
    return this.opened().state.settings.role(name)
  }

  setting(name: string): Setting | undefined {
    return this.opened().state.settings.setting(name)
  }

  settings(query: PageQuery & { readonly prefix?: string } = {}): Page<Setting> {
    return settings(this.opened().state, query)
  }

  check(): readonly string[] {
    const { state, store, seal } = this.opened() as Running
    return checkState(state, store, seal)
  }

  contentDigest(): string {
    return contentDigest(this.opened().state)
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
