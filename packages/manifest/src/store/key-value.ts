export interface Row {
  readonly key: Buffer
  readonly value: Buffer
}

export interface RangeQuery {
  /** First key, inclusive. */
  readonly from: Buffer
  /** Last key, exclusive. */
  readonly to: Buffer
  readonly limit: number
  readonly reverse?: boolean
}

/**
 * All that the manifest asks of its engine: bytes under bytes, in byte order, with one writer whose transactions are
 * atomic and durable when they return. LMDB in production, memory in simulations; the code above is the same.
 */
export interface KeyValue {
  get(key: Buffer): Buffer | undefined
  /**
   * What `read` makes of a value, which does not outlive its turn, and in it no other look: several times cheaper than a
   * value for keeps.
   */
  look<T>(key: Buffer, read: (value: Buffer) => T): T | undefined
  /** A page of rows; nothing stays open behind it. */
  range(query: RangeQuery): Row[]
  /** What `read` makes of each row of such a page; no value outlives its turn. */
  map<T>(query: RangeQuery, read: (row: Row) => T): T[]
  /** The keys of such a page as text, without their first byte: several times cheaper than rows. */
  texts(query: RangeQuery): string[]
  /** Number of rows in a range, at most `limit`; cheaper than reading them. */
  count(query: RangeQuery): number
  /**
   * Runs `fn` and makes its writes durable, or none of them when it throws. Inside, reads see the writes.
   * Synchronous from end to end: an asynchronous transaction would not roll back on a throw.
   */
  transaction<T>(fn: (writer: Writer) => T): T
  /**
   * The rows as they are now, whatever is written later. To be closed soon: nothing that it sees is given back. It ends
   * with the store: HF_STOPPED.
   */
  snapshot(): Snapshot
  close(): Promise<void>
}

export interface Snapshot {
  range(query: RangeQuery): Row[]
  close(): void
}

/** Keeps none of the buffers that it is given: they may be used again at once. */
export interface Writer {
  put(key: Buffer, value: Uint8Array): void
  /** As `put`, unless the row is there already: then nothing changes, and the result is false. */
  insert(key: Buffer, value: Uint8Array): boolean
  /** False when there was no such row. */
  remove(key: Buffer): boolean
}
