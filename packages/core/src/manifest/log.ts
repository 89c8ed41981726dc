import type { CallOptions } from '../storage/backend.ts'

/** A place in the log. Indexes are dense; a term ends when the log's leader changes. */
export interface Position {
  readonly term: number
  readonly index: number
}

/** Before the first record: head and floor of a log that nothing was ever appended to. */
export const LOG_START: Position = Object.freeze({ term: 0, index: 0 })

export interface LogRecord {
  readonly position: Position
  /** As they were given to `append`. */
  readonly bytes: Uint8Array
}

export interface LogCapabilities {
  /** The largest record that `append` takes. */
  readonly maxRecordBytes: number
  /**
   * The log lives in the manifest's own store, where a record and what it does to the state are one transaction. Such
   * a log has one node; one that is not transactional is shared by many.
   */
  readonly transactional: boolean
}

export interface LogAppendOptions extends CallOptions {
  /** The head that the record was made for. */
  readonly expectedHead: Position
}

export interface LogReadOptions extends CallOptions {
  /** Records of a page, at most. Default: the log's choice. */
  readonly maxRecords?: number
  /** Bytes of a page, at most; one record is given whatever its size. Default: the log's choice. */
  readonly maxBytes?: number
}

/**
 * The order in which batches take effect, on every node. `@holdfast/manifest` brings one inside its own store; a
 * replicated one is another package, which `describeLog` of `@holdfast/testkit` puts to these laws.
 *
 * **Positions.** The first record has index 1, each next one is one higher. The log gives the term; it never goes
 * back. A position that has been handed out means the same bytes for as long as the log has its id.
 *
 * **Bytes** are opaque: the manifest encodes its records. Each of them carries the digest of the one before, so that a
 * reader notices a log that went back in time, was re-created or diverged, also where positions look the same.
 *
 * **Append** compares the head and nothing else. Of several appends on one head exactly one is done. When it resolves
 * the record is durable, and every `read`, `head` and `follow` from then on shows it.
 *
 * **Below the floor** there is nothing: `read` and `follow` reject with HF_LOG_GAP and the floor in its context, never
 * skip silently, also when the log is truncated while they run. Exactly at the floor is no gap, an empty log has none,
 * and what an engine compacts above the floor is none.
 *
 * **A position that the log does not know** (above the head, or of another term) is HF_LOG_DIVERGED.
 *
 * **A signal** that has fired ends the call with its reason, before anything was done. An append that is cancelled
 * under way ends in HF_COMMIT_UNKNOWN, unless the log knows better.
 *
 * Any call rejects with HF_LOG_UNAVAILABLE when the log cannot be reached, and nothing was done.
 */
export interface Log {
  /** A restored or re-created log has another. */
  readonly id: string
  readonly capabilities: LogCapabilities
  /**
   * @throws HF_LOG_CONFLICT with the `head`, when that is not the expected one; nothing was appended
   * @throws HF_LOG_RECORD_TOO_LARGE; nothing was appended
   * @throws HF_LOG_UNAVAILABLE nothing was appended, for certain
   * @throws HF_COMMIT_UNKNOWN the answer was lost. Reading behind the expected head tells whether the record is there.
   * Every other failure means the same.
   */
  append(bytes: Uint8Array, options: LogAppendOptions): Promise<Position>
  /** Pages behind a position, oldest first and never empty, up to the head that there was when it was called. */
  read(after: Position, options?: LogReadOptions): AsyncIterable<readonly LogRecord[]>
  /** As `read`, and then what comes, for as long as the signal allows; its reason is how it ends. */
  follow(after: Position, options?: CallOptions): AsyncIterable<readonly LogRecord[]>
  /** The last record's position; the floor, when there is none above it. */
  head(options?: CallOptions): Promise<Position>
  /** The last truncated position, kept as an anchor. */
  floor(options?: CallOptions): Promise<Position>
  /** The term of an index from the floor to the head; undefined for any other. */
  termAt(index: number, options?: CallOptions): Promise<number | undefined>
  /**
   * Removes all records up to and with this one, which becomes the floor, even if it is the head. Up to the floor or
   * below nothing is done. Durable when it resolves. The caller has asked the floors of all who still need records.
   */
  truncate(upTo: Position, options?: CallOptions): Promise<void>
}
