import type { Entry, OpOutcome, ReplaceOp } from '@holdfast/core'
import { subjectOf } from './condemn.ts'
import type { OpContext } from './ops.ts'
import { replaced, retired, skipped } from './outcomes.ts'
import type { State } from './state.ts'

/** Rows 24 and 25 of the transition table: all or nothing. */
export function replace(state: State, op: ReplaceOp, { time, local }: OpContext): OpOutcome {
  const inputs: Entry[] = []
  for (const { key, generation } of op.inputs) {
    const known = state.key(key)
    const entry = known?.state === 'live' ? state.entry(known.path) : undefined
    if (entry?.generation !== generation) return skipped('changed')
    inputs.push(entry)
  }
  const { delay, reason, run } = op
  for (const entry of inputs)
    if (state.holds.keeps({ ...subjectOf(entry), run }, time)) return skipped('held')
  for (const { key } of op.outputs) {
    const known = state.key(key)
    if (known) return retired(known.state)
  }
  const replacement = { reason, run, notBefore: time + delay, outputs: op.outputs.map(({ key }) => key) }
  return exchange(state, inputs, replacement, (generation) => {
    for (const entry of op.outputs) {
      if (state.entry(entry.path)) return skipped('exists')
      if (state.conflict(entry.path, entry.key) !== undefined) return skipped('conflict')
      state.list({ ...entry, generation }, true)
      local.settled(entry.key)
    }
    return replaced(generation)
  })
}

export interface Exchange {
  readonly reason: string
  readonly run: string | undefined
  readonly notBefore: number
  /** Keys that are listed in the place of the others. */
  readonly outputs: readonly Entry['key'][]
  /** Keys that were condemned already and belong to what goes. */
  readonly linked?: readonly Entry['key'][]
}

/**
 * Condemns the entries under a number of their own, then lists what comes in their place; nothing is left of it when
 * that cannot be listed.
 */
export function exchange(
  state: State,
  going: readonly Entry[],
  { reason, run, notBefore, outputs, linked = [] }: Exchange,
  list: (generation: number) => OpOutcome,
): OpOutcome {
  let outcome: OpOutcome | undefined
  state.rows.attempt(() => {
    const generation = state.nextGeneration()
    for (const entry of going) {
      state.unlist(entry)
      state.condemn(entry.key, {
        state: 'condemned',
        as: 'replaced',
        notBefore,
        reason,
        ...(run !== undefined && { run }),
        replacement: generation,
        generation,
        entry,
      })
    }
    const inputs = [...going.map(({ key }) => key), ...linked]
    state.replacements.add(generation, { inputs, outputs })
    outcome = list(generation)
    return outcome.status === 'done'
  })
  return outcome as OpOutcome
}
