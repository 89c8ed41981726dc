import type { StorageKey } from '../paths.ts'
import type { KeyState, NewEntry } from './entry.ts'
import type { Position } from './log.ts'

/** Lists a file whose bytes are durable under its key. */
export interface RegisterOp {
  readonly type: 'register'
  readonly entry: NewEntry
}

/**
 * Sends a key on its way out, or moves the time of one that is on it. `generation` is the one that the decision was
 * made on; if the row has another by now, nothing happens. A key that nobody lists has none: `unlisted` says what was
 * seen of it instead.
 */
export interface CondemnOp {
  readonly type: 'condemn'
  readonly key: StorageKey
  readonly generation?: number
  readonly unlisted?: { readonly size?: number; readonly version?: string; readonly storeId: string }
  /** Milliseconds that apply adds to the record's time: a slow clock shortens nothing. */
  readonly delay: number
  readonly reason: string
  readonly run?: string
}

/** Lists a condemned file again, as it was. */
export interface UndoOp {
  readonly type: 'undo'
  readonly key: StorageKey
}

/** Takes back the possibility of undo: from here the bytes may be deleted. Committed by the eraser alone. */
export interface DoomOp {
  readonly type: 'doom'
  readonly key: StorageKey
}

/** The bytes are gone; the key stays retired for `keep` milliseconds. Committed by the eraser alone. */
export interface ErasedOp {
  readonly type: 'erased'
  readonly key: StorageKey
  readonly keep: number
}

export type Op = RegisterOp | CondemnOp | UndoOp | DoomOp | ErasedOp

export type SkipReason =
  | 'changed'
  | 'absent'
  | 'listed'
  | 'known'
  | 'exists'
  | 'retired'
  | 'conflict'
  | 'early'
  | 'doomed'
  | 'replaced'

/** What became of one op. A skipped op changed nothing. */
export type OpOutcome =
  | { readonly status: 'done' }
  /** The state was already as asked. */
  | { readonly status: 'same' }
  | { readonly status: 'skipped'; readonly reason: SkipReason; readonly state?: KeyState['state'] }

/** The tenure that a destructive batch acts under; apply drops the batch when the role has another epoch. */
export interface Fence {
  readonly role: string
  readonly epoch: number
}

export interface Batch {
  /** Made by the proposer (a ULID); a batch whose id was seen before is not applied again. Default: a new one. */
  readonly id?: string
  readonly ops: readonly Op[]
  /** Needed by doom, erased and a job's condemn. */
  readonly fence?: Fence
  /** All or nothing: one skipped op rejects the batch. */
  readonly strict?: boolean
}

export type CommitResult =
  /** `repeated`: the id was seen before; these are the first outcomes. */
  | {
      readonly status: 'committed' | 'repeated'
      readonly id: string
      readonly position: Position
      readonly outcomes: readonly OpOutcome[]
    }
  | {
      readonly status: 'rejected'
      readonly id: string
      readonly reason: 'fenced' | 'strict'
      readonly position: Position
      readonly outcomes: readonly OpOutcome[]
    }

/** Most ops of one batch. */
export const MAX_BATCH_OPS = 1000
