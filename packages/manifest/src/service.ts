import { join } from 'node:path'
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
  HoldfastError,
  hasCode,
  type Ids,
  type KeyPage,
  type KeyQuery,
  type KeyState,
  type Logger,
  type Manifest,
  type ManifestHead,
  type ManifestStatus,
  messageOf,
  type NamespaceCounters,
  type Page,
  type PageQuery,
  type Role,
  type Service,
  type Setting,
  type Storage,
  type StorageKey,
} from '@holdfast/core'
import { Committer, type CommitterParts } from './commit/committer.ts'
import { EmbeddedLog } from './commit/log.ts'
import { KeptEvents } from './consumers/kept-events.ts'
import { beforeOpen } from './damage/before-open.ts'
import { LastStop } from './damage/last-stop.ts'
import { type Fenced, fenced } from './data-dir/fence.ts'
import { sweepLitter } from './data-dir/litter.ts'
import { lockDataDir } from './data-dir/lock.ts'
import { nodeIdOf } from './data-dir/node-id.ts'
import { Ownership } from './data-dir/ownership.ts'
import { formatOf, STORE_FORMAT, takeOver } from './data-dir/store-format.ts'
import { StoreIdentity } from './data-dir/store-identity.ts'
import { Disk } from './disk/disk.ts'
import { makeFolder } from './disk/durable-folder.ts'
import { EraseQueue } from './erase/queue.ts'
import { Pending } from './files/pending.ts'
import { Pins } from './files/pins.ts'
import { recoverPending } from './files/recovery.ts'
import { createSeal, type Seal } from './format/seal.ts'
import { ManifestHolds } from './holds.ts'
import { LogReader } from './log/log-reader.ts'
import { Truncation } from './log/truncation.ts'
import type { Opened } from './opened.ts'
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
import { openLmdb } from './store/lmdb.ts'

export interface ManifestParts {
  readonly dataDir: string
  /** Bytes. */
  readonly reserve: number
  /** Bytes. */
  readonly lowWater: number
  /** Milliseconds. */
  readonly checkTime: number
  readonly givenId: string | undefined
  readonly storage: Storage
  readonly clock: Clock
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  readonly audit: Audit
  readonly log: Logger
  /** Records that the log keeps, whoever needs them. */
  readonly logKeep: number
  /** Records that a tap may hold back. */
  readonly tapCeiling: number
}

interface Running extends Opened {
  readonly identity: StoreIdentity
  readonly ownership: Ownership
  readonly store: Fenced
  readonly upgradedFrom: number | undefined
  readonly seal: Seal
  readonly disk: Disk
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
    const { dataDir, failpoints, log } = this.#parts
    makeFolder(dataDir)
    const disk = new Disk(this.#parts)
    disk.prepare()
    const lock = lockDataDir(dataDir, this.#incarnation, failpoints)
    try {
      sweepLitter(dataDir)
      this.#running = await this.#open(disk, lock.release, signal)
    } catch (error) {
      lock.release()
      throw error
    }
    try {
      // What was pending when a manifest was copied may have been listed since: only the right one can end it.
      const isOurs = await this.#running.ownership.begin()
      const recovered = isOurs ? await recoverPending(this.#running) : 0
      if (recovered > 0) log.info({ recovered }, 'unfinished writes of an earlier run were condemned')
      this.#running.truncation.begin()
      this.#running.disk.begin()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #open(disk: Disk, unlock: () => void, signal?: AbortSignal): Promise<Running> {
    const { dataDir, givenId, storage, clock, ids, failpoints, log, logKeep, tapCeiling } = this.#parts
    const seal = await createSeal()
    const folder = join(dataDir, 'manifest')
    const lastStop = new LastStop(dataDir, failpoints)
    const isNew = await beforeOpen(lastStop, { ...this.#parts, ...(signal && { signal }) })
    if (!isNew) await lastStop.opened()
    const store = fenced(openLmdb(folder), seal, this.#incarnation)
    try {
      if (isNew) await lastStop.opened()
      const state = new State(store, seal)
      const { rows } = state
      // Whoever has a newer format keeps everything as it is.
      formatOf(rows)
      const embedded = new EmbeddedLog(rows, seal)
      const { nodeId, upgradedFrom: nodeFormat } = await nodeIdOf(dataDir, givenId, failpoints)
      if (nodeFormat !== undefined) log.info({ from: nodeFormat }, 'node.json was upgraded')
      if (failpoints.armed) await failpoints.hit('start.life.before')
      const upgradedFrom = takeOver(state, embedded, { incarnation: this.#incarnation, logId: ids.next() })
      if (failpoints.armed) await failpoints.hit('start.life.after')
      if (upgradedFrom !== undefined)
        log.warn(
          { from: upgradedFrom, to: STORE_FORMAT },
          'the store was upgraded; an older version cannot open it',
        )
      const identity = await StoreIdentity.open(storage, rows, ids, failpoints)
      const ownership = new Ownership({
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
      const pending = new Pending(rows)
      const eraseQueue = new EraseQueue(rows)
      const events = new KeptEvents(rows, embedded)
      const local = {
        settled: (key: string) => pending.end(key),
        mustErase: (key: string, since: number) => eraseQueue.add(key, since),
        erased: (key: string) => eraseQueue.remove(key),
        diverged: (key: string, found: string) => this.#diverge(key, found),
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
        disk,
        ids,
        failpoints,
        nodeId,
      })
      const reader = new LogReader({
        rows: embedded,
        failpoints,
        transact: (change) => committer.local(change),
        onCommitted: (listener) => committer.onCommitted(listener),
      })
      const close = async () => {
        reader.end()
        const mine = committer.broken === undefined && isOwned(store)
        await committer.close()
        await disk.close()
        await store.close()
        // After damage the next start looks; and after a take-over the word is the other process's.
        if (mine) await lastStop.closed()
        unlock()
      }
      const pins = new Pins(clock)
      return {
        state,
        committer,
        records: embedded,
        reader,
        truncation: new Truncation({
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
          disk.mustHaveRoom('files.write')
        },
        mustOwn: () => store.mustOwn(),
        store,
        seal,
        disk,
        close,
      }
    } catch (error) {
      await store.close()
      if (!hasCode(error, 'HF_MANIFEST_CORRUPT')) await lastStop.closed()
      throw error
    }
  }

  async stop(): Promise<void> {
    const running = this.#running
    if (!running) return
    await running.truncation.end()
    await running.committer.settle()
    await running.ownership.end()
    this.#running = undefined
    this.#stopped = true
    await running.close()
  }

  async checkGate(_request: unknown, { signal }: CallOptions): Promise<Denial | undefined> {
    const { committer, identity, ownership, store } = this.opened() as Running
    if (committer.broken !== undefined)
      return { deny: `the manifest cannot commit: ${committer.broken}`, reason: 'corrupt' }
    if (this.#diverged !== undefined) return { deny: this.#diverged, reason: 'state_diverged' }
    try {
      store.mustOwn()
    } catch (error) {
      return { deny: messageOf(error), reason: 'authority_lost' }
    }
    return (await identity.check(signal)) ?? (await ownership.check(signal))
  }

  status(): ManifestStatus {
    const { ownership, upgradedFrom } = this.opened() as Running
    const { behind } = ownership
    return {
      format: STORE_FORMAT,
      ...(upgradedFrom !== undefined && { upgradedFrom }),
      ...(behind !== undefined && { behind }),
    }
  }

  async acknowledge({ actor }: { readonly actor: string }): Promise<boolean> {
    if (typeof actor !== 'string' || actor === '')
      throw new TypeError('acknowledge needs the name of an actor')
    return (this.opened() as Running).ownership.acknowledge(actor, this.#parts.audit)
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
