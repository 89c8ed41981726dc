import type { StorageKey } from '../paths.ts'
import type { EntryChanges, KeyState, NewEntry } from './entry.ts'
import type { Hold, NewHold } from './holds.ts'
import type { Position } from './log.ts'
import type { JsonValue } from './settings.ts'

/** Lists a file whose bytes are durable under its key. */
export interface RegisterOp {
  readonly type: 'register'
  readonly entry: NewEntry
}

/** Changes what is known of a listed file; its path, key and bytes stay. */
export interface UpdateOp {
  readonly type: 'update'
  readonly key: StorageKey
  readonly generation: number
  readonly changes: EntryChanges
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
  /** The bytes are missing: when its time has come the key is retired, and nothing is deleted. */
  readonly erase?: false
  /** Milliseconds that apply adds to the record's time: a slow clock shortens nothing. */
  readonly delay: number
  readonly reason: string
  readonly run?: string
}

/** Lists a condemned file again, as it was. */
export interface UndoOp {
  readonly type: 'undo'
  readonly key: StorageKey
  /** What to list an orphan as, which never was listed; its key is this one. */
  readonly entry?: NewEntry
}

/** Takes a whole replacement back: its inputs are listed again, its outputs condemned. Undone in the same way. */
export interface UndoReplacementOp {
  readonly type: 'undo'
  /** The number in the outcome of the replace, and in the condemned rows of its inputs. */
  readonly replacement: number
  /** Milliseconds until the outputs may be erased. */
  readonly delay: number
  readonly reason: string
  readonly run?: string
}

/**
 * Lists the outputs and condemns the inputs, all or nothing: an overwrite, a compaction. What it condemned comes back
 * as a whole only.
 */
export interface ReplaceOp {
  readonly type: 'replace'
  readonly inputs: readonly { readonly key: StorageKey; readonly generation: number }[]
  readonly outputs: readonly NewEntry[]
  /** Milliseconds until the inputs may be erased. */
  readonly delay: number
  readonly reason: string
  readonly run?: string
}

/** Sets a rule, or replaces the one of this id. It covers what matches now and later. */
export interface HoldOp extends NewHold {
  readonly type: 'hold'
  readonly id: string
  /** The rule of this id that the decision was made on; null: there was none. Left out: whatever it is. */
  readonly current?: Omit<Hold, 'id'> | null
}

/** Takes a rule away. */
export interface ReleaseOp {
  readonly type: 'release'
  readonly id: string
  /** As of a hold. One that is gone is `same`. */
  readonly current?: Omit<Hold, 'id'> | null
}

/** Takes back the possibility of undo: from here the bytes may be deleted. Committed by the eraser alone. */
export interface DoomOp {
  readonly type: 'doom'
  readonly key: StorageKey
  /** How long a key whose bytes are missing stays retired, ms: it is gone at once. Default 30 days. */
  readonly keep?: number
}

/** The bytes are gone; the key stays retired for `keep` milliseconds. Committed by the eraser alone. */
export interface ErasedOp {
  readonly type: 'erased'
  readonly key: StorageKey
  readonly keep: number
}

/** Ends the retirement of a key, when its time is over. Committed by the eraser alone. */
export interface ForgetOp {
  readonly type: 'forget'
  readonly key: StorageKey
}

/** Begins a tenure. Batches under the fence of an earlier one are rejected from here on. */
export interface RoleOp {
  readonly type: 'role'
  readonly name: string
  /** The node that holds the role now. */
  readonly holder: string
  /** One more than that of the tenure before; the first is 1. */
  readonly epoch: number
}

/** Sets a setting, or removes it when there is no value. */
export interface SetOp {
  readonly type: 'set'
  readonly name: string
  readonly value?: JsonValue
  /** The setting's generation that the decision was made on; 0: there was none. Left out: whatever it is. */
  readonly generation?: number
}

export type Op =
  | RegisterOp
  | UpdateOp
  | CondemnOp
  | UndoOp
  | UndoReplacementOp
  | ReplaceOp
  | HoldOp
  | ReleaseOp
  | DoomOp
  | ErasedOp
  | ForgetOp
  | RoleOp
  | SetOp

export type SkipReason =
  | 'changed'
  | 'held'
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
  | {
      readonly status: 'done'
      /** Of a replace, and of the undo of one: the number by which it can be undone. */
      readonly replacement?: number
      /** Of a hold: doomed files that match, which it comes too late for. At most 1000 are counted. */
      readonly doomed?: number
    }
  /** The state was already as asked. */
  | { readonly status: 'same' }
  | { readonly status: 'skipped'; readonly reason: SkipReason; readonly state?: KeyState['state'] }

/** The tenure that a destructive batch acts under; apply rejects the batch when the role has another epoch. */
export interface Fence {
  readonly role: string
  readonly epoch: number
}

export interface Batch {
  /** Made by the proposer (a ULID); a batch whose id was seen before is not applied again. Default: a new one. */
  readonly id?: string
  readonly ops: readonly Op[]
  /** Needed by doom, erased, forget and a job's condemn. */
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

/** Most ops of one batch, and most inputs and outputs of one replace. */
export const MAX_BATCH_OPS = 1000
