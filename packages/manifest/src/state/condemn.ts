import type { CondemnOp, Entry, OpOutcome } from '@holdfast/core'
import type { OpContext } from './ops.ts'
import { DONE, skipped } from './outcomes.ts'
import type { Condemned, State } from './state.ts'

/** Rows 8 to 11 and 13 of the transition table. */
export function condemn(state: State, op: CondemnOp, { time }: OpContext): OpOutcome {
  const known = state.key(op.key)
  if (known?.state === 'condemned') return move(state, op, known, time)
  const entry = known?.state === 'live' ? state.entry(known.path) : undefined
  if (!entry) return skipped('absent')
  if (entry.generation !== op.generation) return skipped('changed')
  const { reason, run } = op
  if (state.holds.keeps({ ...subjectOf(entry), run }, time)) return skipped('held')
  state.unlist(entry)
  state.condemn(op.key, {
    state: 'condemned',
    as: op.erase === false ? 'missing' : 'plain',
    notBefore: time + op.delay,
    reason,
    ...(run !== undefined && { run }),
    generation: state.nextGeneration(),
    entry,
  })
  return DONE
}

/** Row 12: later for anybody, sooner only for what nobody holds. */
function move(
  state: State,
  { key, generation, delay }: CondemnOp,
  known: Condemned,
  time: number,
): OpOutcome {
  if (generation === undefined) return skipped('absent')
  if (generation !== known.generation) return skipped('changed')
  const notBefore = time + delay
  if (notBefore < known.notBefore && isHeld(state, key, known, time)) return skipped('held')
  state.condemn(key, { ...known, notBefore, generation: state.nextGeneration() }, known)
  return DONE
}

/** Rows 14 and 15. */
export function condemnUnlisted(
  state: State,
  { key, delay, reason, run }: CondemnOp,
  unlisted: NonNullable<CondemnOp['unlisted']>,
  { time, local }: OpContext,
): OpOutcome {
  const known = state.key(key)
  // Its pending row stays: the bytes are looked at again when nobody holds them.
  if (!known && state.holds.keeps({ path: key, key, run }, time)) return skipped('held')
  local.settled(key)
  if (known) return skipped(known.state === 'live' ? 'listed' : 'known')
  state.condemn(key, {
    state: 'condemned',
    as: 'orphan',
    notBefore: time + delay,
    reason,
    ...(run !== undefined && { run }),
    generation: state.nextGeneration(),
    unlisted,
  })
  return DONE
}

export function subjectOf({ path, key, namespace }: Entry): { path: string; key: string; namespace: string } {
  return { path, key, namespace }
}

/** Whether a rule keeps a condemned key. */
export function isHeld(state: State, key: string, { entry, run }: Condemned, time: number): boolean {
  const path = entry?.path ?? key
  return state.holds.keeps({ path, key, namespace: entry?.namespace, run }, time)
}
