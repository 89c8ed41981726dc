import {
  type Acknowledgement,
  type AgeQuery,
  type Batch,
  type CallOptions,
  type CommitResult,
  type Condemned,
  type Denial,
  type Entry,
  type FilePath,
  HoldfastError,
  type KeyPage,
  type KeyQuery,
  type KeyState,
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
  type StorageKey,
} from '@holdfast/core'
import { STORE_FORMAT } from './data-dir/store-format.ts'
import { recoverPending } from './files/recovery.ts'
import { ManifestHolds } from './holds.ts'
import { install } from './install/install.ts'
import { stateRows } from './install/rows.ts'
import { type ManifestParts, openManifest, type Running } from './open-manifest.ts'
import type { Opened } from './opened.ts'
import { checkState } from './state/check.ts'
import { contentDigest } from './state/digest.ts'
import { publicHead } from './state/head.ts'
import {
  condemned,
  entries,
  entriesByAge,
  keys,
  namespace,
  namespaces,
  publicKeyState,
  settings,
} from './state/scans.ts'

/** The authority as a service: its life, its condition at the gate, and its face. */
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
      this.#running = await openManifest(this.#parts, {
        incarnation: this.#incarnation,
        unlock: lock.release,
        opened: () => this.opened(),
        diverged: (key, found) => this.#diverge(key, found),
        ...(signal && { signal }),
      })
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

  async objection({ signal }: CallOptions = {}): Promise<string | undefined> {
    const { ownership } = this.opened() as Running
    return ownership?.objection(signal)
  }

  async acknowledge(word: Acknowledgement): Promise<boolean> {
    if (typeof word.actor !== 'string' || word.actor === '')
      throw new TypeError('acknowledge needs the name of an actor')
    const { ownership } = this.opened() as Running
    return ownership ? ownership.acknowledge(word, this.#parts.audit) : false
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
    const { store, seal, shared, records, clock } = this.opened() as Running
    return stateRows({ store, seal, logId: shared?.follower.logId ?? records.id, clock })
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
    const { home } = this.#parts
    await shared.install((closing) => {
      const deliver = events.consumers.any('onFileDeleted')
      const { logId } = shared.follower
      return install(
        rows,
        { ...running, log: shared.log, logId, beside: () => home.beside(ids.next()), deliver },
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

  namespace(name: string): NamespaceCounters | undefined {
    return namespace(this.opened().state, name)
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
