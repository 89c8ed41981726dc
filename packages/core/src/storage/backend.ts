import type { ErrorKind, HoldfastError } from '../errors.ts'
import type { Service } from '../kernel/service.ts'

/** What a store knows of one object. */
export interface Stored {
  readonly size: number
  /** `<algorithm>:<hex>`; from `write` always, from `stat` only where the store keeps it. */
  readonly checksum?: string
  /** The store's own name for exactly these bytes, where it has one. */
  readonly version?: string
  /**
   * When the store last saw the object change, ms since 1970 UTC. A copied-in old time must not show here:
   * it would make a new file look old. 0 when the store cannot tell.
   */
  readonly changedAt: number
}

export interface Written extends Stored {
  readonly checksum: string
}

/** Bytes to write: one piece, or a stream of pieces that is read once. */
export type ByteSource = Uint8Array | AsyncIterable<Uint8Array>

export interface CallOptions {
  readonly signal?: AbortSignal
}

export interface WriteOptions extends CallOptions {
  /** Bytes that the source will give, when known. A source that gives another number is an error. */
  readonly size?: number
  /** Refuse (kind `exists`) when the key is there already; of several writers exactly one wins. */
  readonly ifAbsent?: boolean
}

export interface ReadOptions extends CallOptions {
  /** Bytes from `start` up to and without `end`; without `end`, to the object's end. */
  readonly range?: { readonly start: number; readonly end?: number }
  /** Refuse (kind `conflict`) when the object's version is another. */
  readonly ifVersion?: string
}

/** Columns of a listing that may cost extra. */
export type ListField = 'sizes' | 'changedAt' | 'versions'

export interface ListOptions extends CallOptions {
  readonly prefix?: string
  /** Only keys that sort after this one. */
  readonly after?: string
  /** Only keys that sort before this one. */
  readonly until?: string
  readonly fields?: readonly ListField[]
}

/** One page of a listing, as columns of equal length: they cross threads cheaper than objects. */
export interface ListPage {
  readonly keys: readonly string[]
  readonly sizes?: readonly number[]
  readonly changedAt?: readonly number[]
  readonly versions?: readonly string[]
}

export interface DeleteTarget {
  readonly key: string
  readonly ifVersion?: string
}

export type DeleteOutcome =
  /** The object is not there (any more). */
  | { readonly key: string; readonly status: 'gone' }
  /** `ifVersion` did not match; nothing was deleted. */
  | { readonly key: string; readonly status: 'changed' }
  | { readonly key: string; readonly status: 'failed'; readonly error: HoldfastError }

/** What a backend can do, as flat data: what is declared is tested, what is not is refused before it is called. */
export interface BackendCapabilities {
  readonly writeIfAbsent: boolean
  readonly readRange: boolean
  readonly readIfVersion: boolean
  readonly deleteIfVersion: boolean
  readonly listVersions: boolean
  /** `changedAt` can be trusted to say how long an object has been as it is. */
  readonly changedAt: boolean
}

export interface BackendLimits {
  /** Longest key in bytes of UTF-8. */
  readonly keyBytes: number
  /** Longest segment of a key in bytes of UTF-8, where the store has such a limit. */
  readonly segmentBytes?: number
  /** Most targets of one `delete`. */
  readonly deleteBatch: number
  /** Most keys of one page. */
  readonly listPage: number
}

/**
 * Where bytes are kept. An implementer writes these six members and nothing else: validation, refusal of what is
 * not declared, retries, time limits and metrics are layers of core around it.
 *
 * Laws, each a case of `describeBackend`:
 * - `write` resolves only when the bytes and their name are durable; until then no reader sees anything of them, be
 *   the source a stream or one piece; a write that fails leaves nothing visible. Without `ifAbsent` it replaces atomically.
 * - A range that begins at or behind the end gives no bytes; an `end` behind the end is cut.
 * - `list` gives every key once, in UTF-8 byte order of the whole key; `after` and `until` are exclusive; pages are
 *   never empty; keys written or deleted meanwhile may or may not show.
 * - `delete` is idempotent: a missing object is `gone`; one failing key does not fail the others. Outcomes come in the
 *   order of the targets; more than `limits.deleteBatch` of them are kind `invalid`, and nothing is deleted.
 * - `read` of a missing key rejects with kind `not_found`; `stat` gives undefined.
 * - What is not declared is refused with kind `unsupported`, before anything is done.
 * - Errors are `HF_BACKEND` with a kind (an error of the caller's own source passes as it is); `retryable` says whether the same call may succeed later.
 * - Every call obeys its signal and rejects with kind `aborted`: before it does anything, while it waits for a source, and
 *   between two pieces or pages. One that fires while the store works on a `stat`, a `delete` or the last step of a
 *   `write` may come too late: the call then ends with its result, which is true, or with `aborted` and the object as a
 *   whole or not at all. No suite can tell a call that is deaf from one that is nearly done; core's time limit answers
 *   the caller at once in any case.
 */
export interface Backend extends Service {
  /** `shared`: one store for all nodes. `local`: each node its own. */
  readonly topology: 'shared' | 'local'
  readonly capabilities: BackendCapabilities
  readonly limits: BackendLimits
  write(key: string, source: ByteSource, options?: WriteOptions): Promise<Written>
  read(key: string, options?: ReadOptions): Promise<AsyncIterable<Uint8Array>>
  stat(key: string, options?: CallOptions): Promise<Stored | undefined>
  list(options?: ListOptions): AsyncIterable<ListPage>
  delete(targets: readonly DeleteTarget[], options?: CallOptions): Promise<DeleteOutcome[]>
}

/** The kinds that a backend's errors may have: all but the gate's own word. */
export type BackendErrorKind = Exclude<ErrorKind, 'denied'>
