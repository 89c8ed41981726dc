import type { Batch, CallOptions, CommitResult } from '@holdfast/core'
import type { Rows } from '../state/rows.ts'

export interface CommitOptions extends CallOptions {
  /** Not the end of a write that has begun, so the low-water mark of the disk holds for it. */
  readonly fresh?: boolean
}

/** How batches become records that are applied here. Two strategies: a log of this process's own, and a shared one. */
export interface Commits {
  /** Why nothing can be committed any more, or undefined. */
  readonly broken: string | undefined
  commit(batch: Batch, options?: CommitOptions): Promise<CommitResult>
  /** What became of a batch by its id; undefined: nothing, and nothing will. */
  resolve(id: string, options?: CallOptions): Promise<CommitResult | undefined>
  /** Resolves when the state is as new as the log's head is now. */
  barrier(options?: CallOptions): Promise<void>
  /** Changes node-local rows in the next transaction. */
  local(change: (rows: Rows) => void): Promise<void>
  /** Calls `listener` after every transaction, until the result is called. */
  onCommitted(listener: () => void): () => void
  /** Resolves when all that waits for this node alone is answered. */
  settle(): Promise<void>
  /** Answers all that waits, and refuses what comes later. */
  close(): Promise<void>
}
