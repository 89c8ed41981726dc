import type { Entry, OpOutcome, StorageKey, UndoOp, UndoReplacementOp } from '@holdfast/core'
import { subjectOf } from './condemn.ts'
import type { OpContext } from './ops.ts'
import { DONE, replaced, SAME, skipped } from './outcomes.ts'
import { exchange } from './replace.ts'
import type { Condemned, State } from './state.ts'

/** Rows 16 to 20 and 23 of the transition table. */
export function undo(state: State, { key, entry: given }: UndoOp): OpOutcome {
  const known = state.key(key)
  if (known?.state === 'live') return SAME
  if (known?.state === 'doomed') return skipped('doomed')
  if (known?.state !== 'condemned') return skipped('absent')
  if (known.replacement !== undefined) return skipped('replaced')
  const entry = known.entry ?? (given && { ...given, adopted: true })
  return entry ? restore(state, known, { ...entry, generation: 0 }, undefined) : skipped('absent')
}

/** Lists a condemned key again, under a new generation unless one is given. */
function restore(state: State, known: Condemned, entry: Entry, generation: number | undefined): OpOutcome {
  if (state.entry(entry.path)) return skipped('exists')
  // The key has kept its place in the store; only the path may collide by now.
  if (state.pathConflict(entry.path) !== undefined) return skipped('conflict')
  state.restore(entry.key, known, { ...entry, generation: generation ?? state.nextGeneration() })
  return DONE
}

/** Rows 21 and 22: all or nothing, and itself a replacement, of the outputs by the inputs. */
export function undoReplacement(state: State, op: UndoReplacementOp, { time }: OpContext): OpOutcome {
  const { replacement, delay, reason, run } = op
  const known = state.replacements.get(replacement)
  if (!known) return skipped('absent')
  if (!known.whole) return skipped('doomed')
  const { inputs, outputs } = known.whole
  const live: Entry[] = []
  const linked: { key: StorageKey; row: Condemned }[] = []
  for (const key of outputs) {
    const row = state.key(key)
    if (row?.state === 'live') {
      const entry = state.entry(row.path)
      if (entry?.generation !== replacement) return skipped('changed')
      if (state.holds.keeps({ ...subjectOf(entry), run }, time)) return skipped('held')
      live.push(entry)
    } else if (row?.state === 'condemned' && row.entry) {
      if (row.replacement !== undefined) return skipped('replaced')
      linked.push({ key, row })
    } else {
      // Once its tombstone is forgotten, nobody can say any more how it left; then the key may be an orphan's.
      if (row?.state !== 'doomed' && row?.state !== 'gone') return skipped('changed')
      const left = row.state === 'gone' ? row.as === 'replaced' : row.replacement !== undefined
      if (left) return skipped('replaced')
    }
  }
  const goes = { reason, run, notBefore: time + delay, outputs: inputs, linked: linked.map(({ key }) => key) }
  return exchange(state, live, goes, (generation) => {
    for (const { key, row } of linked) link(state, key, row, generation)
    for (const key of inputs) {
      const row = state.key(key)
      if (row?.state !== 'condemned' || !row.entry) return skipped('absent')
      const outcome = restore(state, row, row.entry, generation)
      if (outcome.status !== 'done') return outcome
    }
    state.replacements.remove(replacement)
    return replaced(generation)
  })
}

/** An output that had been condemned by itself comes back with the others only from here on. */
function link(state: State, key: StorageKey, row: Condemned, generation: number): void {
  const as = row.as === 'plain' ? 'replaced' : row.as
  state.condemn(key, { ...row, as, replacement: generation, generation }, row)
}
