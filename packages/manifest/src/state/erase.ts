import type { DoomOp, ErasedOp, ForgetOp, OpOutcome } from '@holdfast/core'
import { KEEP_MS } from '../format/op.ts'
import { isHeld } from './condemn.ts'
import type { OpContext } from './ops.ts'
import { DONE, SAME, skipped } from './outcomes.ts'
import type { State } from './state.ts'

/** Rows 28 to 31 of the transition table. */
export function doom(
  state: State,
  { key, keep = KEEP_MS }: DoomOp,
  { position, time, local }: OpContext,
): OpOutcome {
  const known = state.key(key)
  if (known?.state === 'doomed' || known?.state === 'gone') return SAME
  if (known?.state !== 'condemned') return skipped('absent')
  if (known.notBefore > time) return skipped('early')
  if (isHeld(state, key, known, time)) return skipped('held')
  const { notBefore: _, ...kept } = known
  if (known.replacement !== undefined) state.replacements.lose(known.replacement)
  if (known.as === 'missing') state.bury(key, known, time + keep, state.nextGeneration())
  else {
    state.doom(key, known, { ...kept, state: 'doomed', since: time, generation: state.nextGeneration() })
    local.mustErase(key, time, known.unlisted?.storeId)
  }
  const { entry, reason, run } = known
  if (entry) local.deleted(position, { key, path: entry.path, reason, ...(run !== undefined && { run }) })
  return DONE
}

/** Rows 34 and 35. */
export function erased(state: State, { key, keep }: ErasedOp, { time, local }: OpContext): OpOutcome {
  const known = state.key(key)
  if (known?.state === 'gone') {
    local.erased(key)
    return SAME
  }
  if (known?.state === 'live' || known?.state === 'condemned') local.diverged(key, known.state)
  if (known?.state !== 'doomed') return skipped('absent')
  state.bury(key, known, time + keep, state.nextGeneration())
  local.erased(key)
  return DONE
}

/** Row 36. */
export function forget(state: State, { key }: ForgetOp, { time }: OpContext): OpOutcome {
  const known = state.key(key)
  if (known?.state !== 'gone') return skipped('absent')
  if (known.until > time) return skipped('early')
  state.forget(key, known)
  state.nextGeneration()
  return DONE
}
