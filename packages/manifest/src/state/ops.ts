import type { FilePath, OpOutcome, Position, StorageKey } from '@holdfast/core'
import type { RecordedOp } from '../format/op.ts'
import { condemn, condemnUnlisted } from './condemn.ts'
import { doom, erased, forget } from './erase.ts'
import { register, update } from './register.ts'
import { replace } from './replace.ts'
import { hold, release, role, set } from './rules.ts'
import type { State } from './state.ts'
import { undo, undoReplacement } from './undo.ts'

/** What apply knows besides the state and the op: the record's place and time. */
export interface OpContext {
  readonly position: Position
  readonly time: number
  /** What this node keeps beside the replicated rows; changed in the same transaction. */
  readonly local: LocalEffects
}

/** Node-local rows that follow from ops. They never influence an outcome. */
export interface LocalEffects {
  /** The key is known to the log now: this node need not remember that it was writing it. */
  settled(key: string): void
  /** This node's store may hold the bytes of a doomed key; `storeId`: only that store can. */
  mustErase(key: string, since: number, storeId: string | undefined): void
  /** A key that was listed once is doomed or dropped by the record at this position. */
  deleted(position: Position, file: DoomedFile): void
  /** Nobody has to erase this key any more. */
  erased(key: string): void
  /** Somebody says that the bytes of a key are gone which nobody had the permission to delete. */
  diverged(key: string, state: string): void
}

/** A doomed key that was a file. */
export interface DoomedFile {
  readonly key: StorageKey
  readonly path: FilePath
  readonly reason: string
  readonly run?: string
}

/** Judges one op by the rows, the op and the record's time alone, and does it or skips it. */
export function applyOp(state: State, op: RecordedOp, context: OpContext): OpOutcome {
  switch (op.type) {
    case 'register':
      return register(state, op, context)
    case 'update':
      return update(state, op)
    case 'condemn':
      return op.unlisted ? condemnUnlisted(state, op, op.unlisted, context) : condemn(state, op, context)
    case 'undo':
      return 'replacement' in op ? undoReplacement(state, op, context) : undo(state, op)
    case 'replace':
      return replace(state, op, context)
    case 'hold':
      return hold(state, op)
    case 'release':
      return release(state, op)
    case 'doom':
      return doom(state, op, context)
    case 'erased':
      return erased(state, op, context)
    case 'forget':
      return forget(state, op, context)
    case 'role':
      return role(state, op)
    case 'set':
      return set(state, op)
  }
}
