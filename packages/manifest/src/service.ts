import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AgeQuery,
  type Batch,
  type CallOptions,
  type Clock,
  type CommitResult,
  type Condemned,
  type Denial,
  type Entry,
  type FailpointRegistry,
  type FilePath,
  HoldfastError,
  type Ids,
  type KeyPage,
  type KeyQuery,
  type KeyState,
  type Logger,
  type Manifest,
  type ManifestHead,
  messageOf,
  type NamespaceCounters,
  type Page,
  type PageQuery,
  type Service,
  type Storage,
  type StorageKey,
  type Timer,
} from '@holdfast/core'
import { Committer, type CommitterParts, INCARNATION } from './commit/committer.ts'
import { EmbeddedLog } from './commit/log.ts'
import { KeptEvents } from './consumers/kept-events.ts'
import { lockDataDir } from './data-dir/lock.ts'
import { nodeIdOf } from './data-dir/node-id.ts'
import { StoreIdentity } from './data-dir/store-identity.ts'
import { EraseQueue } from './erase/queue.ts'
import { Pending } from './files/pending.ts'
import { Pins } from './files/pins.ts'
import { recoverPending } from './files/recovery.ts'
import { newer } from './format/bytes.ts'
import { named, TABLE } from './format/rows.ts'
import { createSeal, type Seal } from './format/seal.ts'
import type { Opened } from './opened.ts'
import { checkState } from './state/check.ts'
import { contentDigest } from './state/digest.ts'
import { publicHead } from './state/head.ts'
import { condemned, entries, entriesByAge, keys, namespaces, publicKeyState } from './state/scans.ts'
import { State } from './state/state.ts'
import type { KeyValue } from './store/key-value.ts'
import { openLmdb } from './store/lmdb.ts'

/** Format of the store as a whole: its tables and the names of their rows. */
const STORE_FORMAT = 1
const FORMAT = named(TABLE.node, 'format')
/** How often the owner record in the store follows the manifest, ms. */
const OWNER_EVERY_MS = 10_000

export interface ManifestParts {
  readonly dataDir: string
  readonly givenId: string | undefined
  readonly storage: Storage
  readonly clock: Clock
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  readonly log: Logger
}

interface Running extends Opened {
  readonly identity: StoreIdentity
  readonly store: KeyValue
  readonly seal: Seal
  readonly close: () => Promise<void>
}

/** The authority as a service: opens the store in the data folder, and gives the rest of the package what it shares. */
export class ManifestService implements Manifest, Service {
  readonly #parts: ManifestParts
  readonly #incarnation: string
  #running: Running | undefined
  #ownerTimer: Timer | undefined
  #ownerAt = -1
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

  async start(): Promise<void> {
    const { dataDir, log } = this.#parts
    mkdirSync(dataDir, { recursive: true })
    const lock = lockDataDir(dataDir, this.#incarnation)
    try {
      this.#running = await this.#open(lock.release)
    } catch (error) {
      lock.release()
      throw error
    }
    try {
      const recovered = await recoverPending(this.#running)
      if (recovered > 0) log.info({ recovered }, 'unfinished writes of an earlier run were condemned')
      await this.#recordOwner()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #open(unlock: () => void): Promise<Running> {
    const { dataDir, givenId, storage, clock, ids, failpoints, log } = this.#parts
    const nodeId = nodeIdOf(dataDir, givenId)
    const seal = await createSeal()
    const folder = join(dataDir, 'manifest')
    const store = openLmdb(folder)
    try {
      syncFolder(folder)
      syncFolder(dataDir)
      const state = new State(store, seal)
      const { rows } = state
      const format = rows.get(FORMAT, (payload) => payload.varint())
      if (format !== undefined && format > STORE_FORMAT) throw newer('the manifest', format)
      const embedded = new EmbeddedLog(store, rows, seal)
      embedded.checkChain(state.head)
      rows.transaction(() => {
        rows.put(FORMAT, (payload) => payload.varint(STORE_FORMAT))
        rows.put(INCARNATION, (payload) => payload.text(this.#incarnation))
      })
      const identity = await StoreIdentity.open(storage, rows, ids)
      const pending = new Pending(rows)
      const eraseQueue = new EraseQueue(rows)
      const events = new KeptEvents(rows, embedded)
      const local = {
        settled: (key: string) => pending.end(key),
        mustErase: (key: string, since: number) => eraseQueue.add(key, since),
        erased: (key: string) => eraseQueue.remove(key),
        deleted: events.deleted,
        applied: events.applied,
        reload: () => {
          eraseQueue.reload()
          events.reload()
        },
      } satisfies CommitterParts['local']
      const committer = new Committer({
        state,
        log: embedded,
        local,
        clock,
        ids,
        failpoints,
        nodeId,
        incarnation: this.#incarnation,
      })
      const close = async () => {
        await committer.close()
        await store.close()
        unlock()
      }
      const pins = new Pins(clock)
      return {
        state,
        committer,
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
        writable: () => identity.mustBeWritable(),
        store,
        seal,
        close,
      }
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async stop(): Promise<void> {
    const running = this.#running
    if (!running) return
    this.#ownerTimer?.clear()
    await running.committer.settle()
    // The record only helps to notice a manifest that went back in time: a store that is away must not keep us from stopping.
    await this.#writeOwner().catch((error: unknown) => this.#ownerFailed(error))
    this.#running = undefined
    this.#ownerTimer?.clear()
    this.#stopped = true
    await running.close()
  }

  /** Writes the owner record now, and again whenever the manifest has moved on. */
  async #recordOwner(): Promise<void> {
    try {
      await this.#writeOwner()
    } finally {
      if (this.#running)
        this.#ownerTimer = this.#parts.clock.timer(OWNER_EVERY_MS, () => {
          this.#recordOwner().catch((error: unknown) => this.#ownerFailed(error))
        })
    }
  }

  #ownerFailed(error: unknown): void {
    this.#parts.log.warn({ cause: messageOf(error) }, 'the owner record could not be written')
  }

  async #writeOwner(): Promise<void> {
    if (!this.#running) return
    const { identity, nodeId, state } = this.#running
    const { index } = state.head
    // A store that has lost its identity is not this manifest's any more, as far as can be seen.
    if (index === this.#ownerAt || identity.lost) return
    // From when another process has taken this data folder over, the record is that process's to write.
    if (state.rows.get(INCARNATION, (payload) => payload.text()) !== this.#incarnation) return
    await identity.recordOwner(nodeId, this.#incarnation, publicHead(state.head))
    this.#ownerAt = index
  }

  async checkGate(_request: unknown, { signal }: CallOptions): Promise<Denial | undefined> {
    const { committer, identity } = this.opened() as Running
    if (committer.broken !== undefined)
      return { deny: `the manifest cannot commit: ${committer.broken}`, reason: 'corrupt' }
    return identity.check(signal)
  }

  get nodeId(): string {
    return this.opened().nodeId
  }

  get storeId(): string {
    return this.opened().storeId
  }

  commit(batch: Batch, options?: CallOptions): Promise<CommitResult> {
    return this.opened().committer.commit(batch, options)
  }

  /** The log is in this process: the state is as new as its head when nothing is on the way. */
  async barrier(): Promise<ManifestHead> {
    await this.opened().committer.settle()
    return this.head()
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

  check(): readonly string[] {
    const { state, store, seal } = this.opened() as Running
    return checkState(state, store, seal)
  }

  contentDigest(): string {
    return contentDigest(this.opened().state)
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
