import type { Roles } from '../gate/roles.ts'
import type { FilePath, StorageKey } from '../paths.ts'
import type { CallOptions } from '../storage/backend.ts'
import type { Condemned, Entry, KeyState, NamespaceCounters } from './entry.ts'
import type { Holds } from './holds.ts'
import type { Position } from './log.ts'
import type { Batch, CommitResult } from './ops.ts'
import type { Role, Setting } from './settings.ts'
import type { StateRows } from './state-rows.ts'

/** Where the state is: the last record applied, and what it made of the state. */
export interface ManifestHead {
  readonly position: Position
  /** The number of changes so far. */
  readonly generation: number
  /** Time of the last record; never goes back. */
  readonly time: number
  /** Over every replicated row: equal on all nodes at one position. Hexadecimal. */
  readonly digest: string
}

/** A page of a scan; `next` continues it, also when the row it names is gone by then. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next?: string
}

export interface PageQuery {
  /** `next` of the page before. */
  readonly after?: string
  /** Most items. Default 250, of keys 1000. */
  readonly limit?: number
}

/** Storage keys in byte order. */
export interface KeyQuery extends PageQuery {
  readonly prefix?: string
  /** Only keys that sort before this one. */
  readonly until?: string
}

/** One page of keys, as a column like those of a backend's listing; `next` continues it. */
export interface KeyPage {
  readonly keys: readonly StorageKey[]
  readonly next?: string
}

/** The files of one namespace by the age of their newest row. */
export interface AgeQuery extends PageQuery {
  readonly namespace: string
  /** Only files whose maxTime is strictly below this. */
  readonly before: number
  /** The same files in the opposite order. */
  readonly newestFirst?: boolean
}

export interface ManifestStatus {
  /** Format of the manifest's store. */
  readonly format: number
  /** The format that it had before this start, when it was upgraded by it. */
  readonly upgradedFrom?: number
  /** Why nothing may be destroyed until somebody acknowledges this manifest (manifest_behind). */
  readonly behind?: string
}

export interface Acknowledgement {
  /** Who gives their word. */
  readonly actor: string
  /** Given against this only: what `objection` has said. Left out: against whatever there is. */
  readonly objection?: string
}

/**
 * The authority: which files exist, and what may be erased. Reads are synchronous and paged: no page holds anything
 * open, and a scan sees changes that are made between its pages.
 */
export interface Manifest {
  /**
   * Proposes ops. Resolves when the batch is durable and applied here, or was rejected as a whole.
   * @throws HF_BATCH_INVALID (nothing changed), HF_NO_SPACE, HF_COMMIT_FAILED (nothing changed),
   * HF_COMMIT_UNKNOWN (resolved later by the batch id), HF_DATADIR_TAKEN
   */
  commit(batch: Batch, options?: CallOptions): Promise<CommitResult>
  /**
   * What became of a batch whose commit ended in HF_COMMIT_UNKNOWN: its outcomes, or undefined when it was not committed
   * and never will be by that call. Batches are remembered for the next 100,000.
   * @throws HF_LOG_UNAVAILABLE, HF_COMMIT_UNKNOWN it still cannot be told
   */
  resolve(id: string, options?: CallOptions): Promise<CommitResult | undefined>
  status(): ManifestStatus
  /**
   * What the store says against this manifest now, for whoever is to give their word for it. Undefined when nothing
   * speaks against it.
   * @throws HF_STORE_MISMATCH (the store's identity is missing or another's: no word helps), HF_FORMAT_NEWER
   */
  objection(options?: CallOptions): Promise<string | undefined>
  /**
   * The operator's word that this manifest is the one to go by, though the store says that another one, or a later
   * state of this one, owns it: ends a manifest_behind. Audited. False when there was nothing to acknowledge.
   * @throws HF_INPUT_CHANGED (nothing changed) when something else speaks against it than was said; as `objection` does;
   * HF_DATADIR_TAKEN
   */
  acknowledge(word: Acknowledgement): Promise<boolean>
  /** Waits until the local state is as new as the log's head was when this was called. @throws HF_LOG_UNAVAILABLE */
  barrier(options?: CallOptions): Promise<ManifestHead>
  /**
   * All replicated rows as they are now, whatever is committed meanwhile. Dispose of it: it keeps old pages of the store
   * alive, ten minutes at most.
   */
  rows(): StateRows
  /**
   * Takes the state of another node of the same log in the place of this one's: restored beside, verified, and switched
   * in one step, so that a crash leaves the one or the other. Taps of `onManifestBatch` get a `reset`, what vanished is
   * delivered to those of `onFileDeleted`, and this node's own rows stay.
   * @throws HF_OPTION_INVALID for a node with a log of its own, or a state that is older than this one or empty;
   * HF_LOG_DIVERGED for a state that the log does not know; HF_FORMAT_NEWER; HF_MANIFEST_CORRUPT for rows that do not
   * add up to their digest; HF_NO_SPACE, HF_COMMIT_FAILED when this node's disk does not take it
   */
  install(rows: StateRows, options?: CallOptions): Promise<ManifestHead>
  head(): ManifestHead
  /** The node's own name, kept in its data folder. */
  readonly nodeId: string
  /** The store that this manifest lists the bytes of. */
  readonly storeId: string
  entry(path: FilePath): Entry | undefined
  key(key: StorageKey): KeyState | undefined
  /**
   * Every key that the manifest knows (live, condemned, doomed or gone) in byte order, to be joined with a backend's
   * listing. The rows are not read: a key counts as known also when its row is damaged.
   */
  keys(query?: KeyQuery): KeyPage
  /** Live files in byte order of their paths. */
  entries(query?: PageQuery & { readonly prefix?: string }): Page<Entry>
  /** Live files of a namespace whose maxTime is known: oldest first, those of one time in byte order of their paths. */
  entriesByAge(query: AgeQuery): Page<Entry>
  /** Condemned rows in byte order of their paths; orphans by their keys. */
  condemned(query?: PageQuery & { readonly prefix?: string }): Page<Condemned>
  namespaces(query?: PageQuery): Page<NamespaceCounters>
  /** Of one namespace; undefined when it has no live file. */
  namespace(name: string): NamespaceCounters | undefined
  /** Rules that keep files from being deleted. */
  readonly holds: Holds
  /** Who may act, on a node that shares its log; undefined on one that has a log of its own, which may always. */
  readonly roles: Roles | undefined
  /** The tenure of a role; undefined when nobody has ever held it. */
  role(name: string): Role | undefined
  setting(name: string): Setting | undefined
  /** In byte order of their names. */
  settings(query?: PageQuery & { readonly prefix?: string }): Page<Setting>
  /**
   * Counts the whole state anew and names what does not fit: values, digest, indexes, counters. Empty when all is well.
   * Reads every row, synchronously: for a check, not for a beat of the day.
   */
  check(): readonly string[]
  /** Over what users see of every row (path, state, size, checksum, namespace, times): compares two runs. */
  contentDigest(): string
}
