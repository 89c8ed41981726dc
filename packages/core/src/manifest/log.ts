/** A place in the log. Indexes are dense; a term ends when the log's leader changes. */
export interface Position {
  readonly term: number
  readonly index: number
}

export interface LogRecord {
  readonly position: Position
  readonly bytes: Uint8Array
}

/**
 * The order in which batches take effect, on every node. `@holdfast/manifest` brings one inside its own store; a
 * replicated one is another package.
 *
 * Laws: `append` compares the head only, and is durable when it resolves; `read` below the floor rejects with
 * HF_LOG_GAP and the floor in its context, never skips silently; exactly at the floor is no gap.
 */
export interface Log {
  /** A restored or re-created log has another id. */
  readonly id: string
  readonly capabilities: { readonly maxRecordBytes: number; readonly transactional: boolean }
  append(
    bytes: Uint8Array,
    options: { readonly expectedHead: Position; readonly signal?: AbortSignal },
  ): Promise<Position>
  read(
    after: Position,
    options?: { readonly maxRecords?: number; readonly maxBytes?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<readonly LogRecord[]>
  follow(after: Position, options?: { readonly signal?: AbortSignal }): AsyncIterable<readonly LogRecord[]>
  head(): Promise<Position>
  /** The last truncated position, kept as an anchor. */
  floor(): Promise<Position>
  /** The term of an index that the log knows, the floor included. */
  termAt(index: number): Promise<number | undefined>
  truncate(upTo: Position, options?: { readonly signal?: AbortSignal }): Promise<void>
}
