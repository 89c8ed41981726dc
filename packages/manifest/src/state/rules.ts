import type {
  FilePath,
  Hold,
  HoldOp,
  HoldScope,
  OpOutcome,
  ReleaseOp,
  RoleOp,
  SetOp,
  StorageKey,
} from '@holdfast/core'
import { partsOf } from '../format/hold.ts'
import type { KeyRow } from '../format/key-row.ts'
import { behind, dueRow, keyOfDueRow, leavingRow, named, TABLE } from '../format/rows.ts'
import { DONE, doneTooLate, SAME, skipped } from './outcomes.ts'
import type { State } from './state.ts'

/** Rows that are looked at in order to say what a hold comes too late for. */
const LOOKED_AT = 1000

/** Row 26 of the transition table. */
export function hold(state: State, { type: _, current, ...rule }: HoldOp): OpOutcome {
  if (isAnother(state.holds.get(rule.id), current)) return skipped('changed')
  const { doomed, other } = tooLateFor(state, rule.scope)
  if (doomed > 0 && !other) return skipped('doomed')
  state.holds.put(rule satisfies Hold)
  state.nextGeneration()
  return doneTooLate(doomed)
}

/** Row 27. */
export function release(state: State, { id, current }: ReleaseOp): OpOutcome {
  const rule = state.holds.get(id)
  if (!rule) return SAME
  if (isAnother(rule, current)) return skipped('changed')
  state.holds.remove(rule)
  state.nextGeneration()
  return DONE
}

/** Whether a rule is not the one that the decision was made on. */
function isAnother(rule: Hold | undefined, current: HoldOp['current']): boolean {
  if (current === undefined) return false
  if (!rule || !current) return rule !== undefined || current !== null
  const [there, seen] = [partsOf(rule.scope), partsOf(current.scope)]
  return (
    there.kind !== seen.kind ||
    there.name !== seen.name ||
    rule.owner !== current.owner ||
    rule.expiresAt !== current.expiresAt
  )
}

/** Doomed rows that a scope covers; `other`: there is, or may come, something that it does keep. */
function tooLateFor(state: State, scope: HoldScope): { doomed: number; other: boolean } {
  if ('key' in scope) {
    const known = state.key(scope.key as StorageKey)
    return { doomed: known?.state === 'doomed' ? 1 : 0, other: false }
  }
  if ('path' in scope) {
    const to = leavingRow(scope.path, Number.MAX_SAFE_INTEGER)
    const rows = leaving(state, leavingRow(scope.path, 0), to)
    const listed = state.entry(scope.path as FilePath) !== undefined
    const other = listed || rows.some((row) => row?.state === 'condemned')
    return { doomed: rows.filter((row) => row?.state === 'doomed').length, other }
  }
  if ('folder' in scope) {
    const below = named(TABLE.leaving, `${scope.folder}/`)
    const rows = leaving(state, below, behind(below))
    return { doomed: rows.filter((row) => row?.state === 'doomed').length, other: true }
  }
  const from = dueRow('doomed', 0, '')
  const names = state.rows.names(from, dueRow('gone', 0, ''), LOOKED_AT)
  const doomed = names.filter((name) => {
    const row = state.key(keyOfDueRow(name) as StorageKey)
    if (row?.state !== 'doomed') return false
    return 'run' in scope ? row.run === scope.run : row.entry?.namespace === scope.namespace
  })
  return { doomed: doomed.length, other: true }
}

/** Newest first: what can still be kept is found before what cannot. */
function leaving(state: State, from: Buffer, to: Buffer): (KeyRow | undefined)[] {
  return state.rows
    .names(from, to, LOOKED_AT, true)
    .map((name) => state.rows.get(name, (payload) => payload.text() as StorageKey))
    .map((key) => key && state.key(key))
}

/** Row 39. */
export function role(state: State, { name, holder, epoch }: RoleOp): OpOutcome {
  const last = state.settings.role(name)
  if (last?.epoch === epoch && last.holder === holder) return SAME
  if (epoch !== (last?.epoch ?? 0) + 1) return skipped('changed')
  state.settings.begin({ name, holder, epoch })
  state.nextGeneration()
  return DONE
}

/** A setting like any other row: changed on the generation that was seen. */
export function set(state: State, { name, value, generation }: SetOp): OpOutcome {
  const before = state.settings.setting(name)
  if (generation !== undefined && generation !== (before?.generation ?? 0)) return skipped('changed')
  if (JSON.stringify(value) === JSON.stringify(before?.value)) return SAME
  if (value === undefined) state.settings.unset(name)
  else state.settings.set(name, value, state.nextGeneration())
  if (value === undefined) state.nextGeneration()
  return DONE
}
