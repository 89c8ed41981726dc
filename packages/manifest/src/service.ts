import { mkdirSync } from 'node:fs'
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
  type Ids,
  type KeyState,
  type Logger,
  type Manifest,
  type ManifestHead,
  type ManifestStatus,
  messageOf,
  type NamespaceCounters,
  type Page,
  type PageQuery,
  type Service,
  type Storage,
  type StorageKey,
} from '@holdfast/core'
import { Committer, type CommitterParts } from './commit/committer.ts'
import { EmbeddedLog } from './commit/log.ts'
import { KeptEvents } from './consumers/kept-events.ts'
import { type Fenced, fenced } from './data-dir/fence.ts'
import { sweepLitter } from './data-dir/litter.ts'
import { lockDataDir } from './data-dir/lock.ts'
import { nodeIdOf } from './data-dir/node-id.ts'
import { Ownership } from './data-dir/ownership.ts'
import { beginLife, formatOf, STORE_FORMAT } from './data-dir/store-format.ts'
import { StoreIdentity } from './data-dir/store-identity.ts'
import { syncFolder } from './data-dir/sync-folder.ts'
import { EraseQueue } from './erase/queue.ts'
import { Pending } from './files/pending.ts'
import { Pins } from './files/pins.ts'
import { recoverPending } from './files/recovery.ts'
import { createSeal, type Seal } from './format/seal.ts'
import type { Opened } from './opened.ts'
import { checkState } from './state/check.ts'
import { contentDigest } from './state/digest.ts'
import { publicHead } from './state/head.ts'
import { condemned, entries, entriesByAge, namespaces, publicKeyState } from './state/scans.ts'
import { State } from './state/state.ts'
import { openLmdb } from './store/lmdb.ts'

export interface ManifestParts {
  readonly dataDir: string
  readonly givenId: string | undefined
  readonly storage: Storage
  readonly clock: Clock
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  readonly audit: Audit
  readonly log: Logger
}

interface Running extends Opened {
  readonly identity: StoreIdentity
  readonly ownership: Ownership
  readonly store: Fenced
  readonly upgradedFrom: number | undefined
  readonly seal: Seal
  readonly close: () => Promise<void>
}

/** The authority as a service: opens the store in the data folder, and gives the rest of the package what it shares. */
export class ManifestService implements Manifest, Service {
  readonly #parts: ManifestParts
  readonly #incarnation: string
  #running: Running | undefined
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
    const { dataDir, failpoints, log } = this.#parts
    mkdirSync(dataDir, { recursive: true })
    const lock = lockDataDir(dataDir, this.#incarnation, failpoints)
    try {
      sweepLitter(dataDir)
      this.#running = await this.#open(lock.release)
    } catch (error) {
      lock.release()
      throw error
    }
    try {
      // What was pending when a manifest was copied may have been listed since: only the right one can end it.
      if (!(await this.#running.ownership.begin())) return
      const recovered = await recoverPending(this.#running)
      if (recovered > 0) log.info({ recovered }, 'unfinished writes of an earlier run were condemned')
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #open(unlock: () => void): Promise<Running> {
    const { dataDir, givenId, storage, clock, ids, failpoints, log } = this.#parts
    const seal = await createSeal()
    const folder = join(dataDir, 'manifest')
    const store = fenced(openLmdb(folder), seal, this.#incarnation)
    try {
      const state = new State(store, seal)
      const { rows } = state
      const format = formatOf(rows)
      const embedded = new EmbeddedLog(store, rows, seal)
      const { nodeId, upgradedFrom: nodeFormat } = await nodeIdOf(dataDir, givenId, failpoints)
      syncFolder(folder)
      syncFolder(dataDir)
      if (failpoints.armed) await failpoints.hit('start.life.before')
      beginLife(rows, this.#incarnation, () => {
        // Until now a process that is being taken over could still commit.
        state.reload()
        embedded.checkChain(state.head)
        return state.head.index
      })
      if (failpoints.armed) await failpoints.hit('start.life.after')
      const upgradedFrom = format !== undefined && format < STORE_FORMAT ? format : undefined
      if (upgradedFrom !== undefined)
        log.info({ from: upgradedFrom, to: STORE_FORMAT }, 'the manifest was upgraded to a newer format')
      if (nodeFormat !== undefined) log.info({ from: nodeFormat }, 'node.json was upgraded to a newer format')
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
        ownership,
        upgradedFrom,
        writable: () => identity.mustBeWritable(),
        mustOwn: () => store.mustOwn(),
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
