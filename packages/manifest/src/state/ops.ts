import type {
  CondemnOp,
  DoomOp,
  ErasedOp,
  FilePath,
  Op,
  OpOutcome,
  Position,
  RegisterOp,
  StorageKey,
  UndoOp,
} from '@holdfast/core'
import { DONE, retired, SAME, skipped } from './outcomes.ts'
import type { State } from './state.ts'

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
  /** This node's store may hold the bytes of a doomed key. */
  mustErase(key: string, since: number): void
  /** A key that was listed once is doomed by the record at this position. */
  deleted(position: Position, file: DoomedFile): void
  /** Nobody has to erase this key any more. */
  erased(key: string): void
}

/** A doomed key that was a file. */
export interface DoomedFile {
  readonly key: StorageKey
  readonly path: FilePath
  readonly reason: string
  readonly run?: string
}

/** Judges one op by the rows, the op and the record's time alone, and does it or skips it. */
export function applyOp(state: State, op: Op, context: OpContext): OpOutcome {
  switch (op.type) {
    case 'register':
      return register(state, op, context)
    case 'condemn':
      return op.unlisted ? condemnUnlisted(state, op, op.unlisted, context) : condemn(state, op, context)
    case 'undo':
      return undo(state, op)
    case 'doom':
      return doom(state, op, context)
    case 'erased':
      return erased(state, op, context)
  }
}

/** Rows 1 to 6 of the transition table. */
function register(state: State, { entry }: RegisterOp, { local }: OpContext): OpOutcome {
  const known = state.key(entry.key)
  if (known) {
    if (known.state !== 'live' || known.path !== entry.path) return retired(known.state)
    const listed = state.entry(entry.path)
    return listed?.size === entry.size && listed.checksum === entry.checksum ? SAME : skipped('exists')
  }
  if (state.entry(entry.path)) return skipped('exists')
  if (state.conflict(entry.path, entry.key) !== undefined) return skipped('conflict')
  state.list({ ...entry, generation: state.nextGeneration() }, true)
  local.settled(entry.key)
  return DONE
}

/** Rows 8, 9, 12 and 13. */
function condemn(state: State, op: CondemnOp, { time }: OpContext): OpOutcome {
  const known = state.key(op.key)
  const notBefore = time + op.delay
  if (known?.state === 'condemned') {
    if (op.generation === undefined) return skipped('absent')
    if (op.generation !== known.generation) return skipped('changed')
    state.condemn(op.key, { ...known, notBefore, generation: state.nextGeneration() }, known)
    return DONE
  }
  if (known?.state !== 'live') return skipped('absent')
  const entry = state.entry(known.path)
  if (!entry || entry.generation !== op.generation) return skipped('changed')
  state.unlist(entry)
  const { reason, run } = op
  const generation = state.nextGeneration()
  state.condemn(op.key, {
    state: 'condemned',
    as: 'plain',
    notBefore,
    reason,
    ...(run !== undefined && { run }),
    generation,
    entry,
  })
  return DONE
}

/** Rows 14 and 15. */
function condemnUnlisted(
  state: State,
  op: CondemnOp,
  unlisted: NonNullable<CondemnOp['unlisted']>,
  { time, local }: OpContext,
): OpOutcome {
  const known = state.key(op.key)
  local.settled(op.key)
  if (known) return skipped(known.state === 'live' ? 'listed' : 'known')
  const { reason, run } = op
  state.condemn(op.key, {
    state: 'condemned',
    as: 'orphan',
    notBefore: time + op.delay,
    reason,
    ...(run !== undefined && { run }),
    generation: state.nextGeneration(),
    unlisted,
  })
  return DONE
}

/** Rows 16, 17 and 23. */
function undo(state: State, { key }: UndoOp): OpOutcome {
  const known = state.key(key)
  if (known?.state === 'live') return SAME
  if (known?.state === 'doomed') return skipped('doomed')
  if (known?.state !== 'condemned' || known.as !== 'plain' || !known.entry) return skipped('absent')
  const { entry } = known
  if (state.entry(entry.path)) return skipped('exists')
  // The key has kept its place in the store; only the path may collide by now.
  if (state.pathConflict(entry.path) !== undefined) return skipped('conflict')
  state.restore(key, known, { ...entry, generation: state.nextGeneration() })
  return DONE
}

/** Rows 28, 29 and 31. */
function doom(state: State, { key }: DoomOp, { position, time, local }: OpContext): OpOutcome {
  const known = state.key(key)
  if (known?.state === 'doomed' || known?.state === 'gone') return SAME
  if (known?.state !== 'condemned') return skipped('absent')
  if (known.notBefore > time) return skipped('early')
  const { notBefore: _, ...kept } = known
  state.doom(key, known, { ...kept, state: 'doomed', since: time, generation: state.nextGeneration() })
  local.mustErase(key, time)
  const { entry, reason, run } = known
  if (entry) local.deleted(position, { key, path: entry.path, reason, ...(run !== undefined && { run }) })
  return DONE
}

/** Rows 34 and 35. */
function erased(state: State, { key, keep }: ErasedOp, { time, local }: OpContext): OpOutcome {
  const known = state.key(key)
  if (known?.state === 'gone') {
    local.erased(key)
    return SAME
  }
  if (known?.state !== 'doomed') return skipped('absent')
  state.bury(key, known, time + keep, state.nextGeneration())
  local.erased(key)
  return DONE
}
