import type { Entry, EntryChanges, NewEntry, OpOutcome, RegisterOp, UpdateOp } from '@holdfast/core'
import type { WrittenAt } from '../format/op.ts'
import type { OpContext } from './ops.ts'
import { DONE, retired, SAME, skipped } from './outcomes.ts'
import type { State } from './state.ts'

/** Rows 1 to 6 of the transition table. */
export function register(
  state: State,
  { entry, written }: RegisterOp & { readonly written?: WrittenAt },
  { local }: OpContext,
): OpOutcome {
  if (state.add(entry, written)) {
    local.settled(entry.key)
    return DONE
  }
  const known = state.key(entry.key)
  if (known) {
    if (known.state !== 'live' || known.path !== entry.path) return retired(known.state)
    const listed = state.entry(entry.path)
    if (listed?.size !== entry.size || listed.checksum !== entry.checksum) return skipped('exists')
    return listed.adopted && saysMore(entry, listed) ? complete(state, listed, entry) : SAME
  }
  return skipped(state.entry(entry.path) ? 'exists' : 'conflict')
}

const OPTIONAL = ['version', 'changedAt', 'minTime', 'maxTime', 'rows', 'metadata'] as const

/** Whether the one who wrote a file knows something of it that was not seen when it was adopted. */
function saysMore(entry: NewEntry, listed: Entry): boolean {
  return OPTIONAL.some((field) => entry[field] !== undefined && listed[field] === undefined)
}

function complete(state: State, listed: Entry, entry: NewEntry): OpOutcome {
  const { adopted: _, ...known } = listed
  state.change(listed, { ...known, ...entry, generation: state.nextGeneration() })
  return DONE
}

/** Rows 7 and 8. */
export function update(state: State, { key, generation, changes }: UpdateOp): OpOutcome {
  const known = state.key(key)
  const entry = known?.state === 'live' ? state.entry(known.path) : undefined
  if (!entry) return skipped('absent')
  if (entry.generation !== generation) return skipped('changed')
  state.change(entry, { ...changed(entry, changes), generation: state.nextGeneration() })
  return DONE
}

/** An entry with changes made to it: null takes a field away. */
export function changed<E extends NewEntry>(entry: E, changes: EntryChanges): E {
  const result: Record<string, unknown> = { ...entry }
  for (const [field, value] of Object.entries(changes))
    if (value === null) delete result[field]
    else if (value !== undefined) result[field] = value
  return result as unknown as E
}
