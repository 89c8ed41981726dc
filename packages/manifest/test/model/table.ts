import { isDeepStrictEqual } from 'node:util'
import type {
  CondemnOp,
  Entry,
  Hold,
  HoldOp,
  KeyState,
  NewEntry,
  Op,
  OpOutcome,
  ReleaseOp,
  SkipReason,
} from '@holdfast/core'

/**
 * The transition table, written a second time: as short as can be, without indexes, by looking at everything. What the
 * real code does is compared with it.
 */
export interface Table {
  time: number
  generation: number
  readonly entries: Map<string, Entry>
  readonly keys: Map<string, KeyState>
  readonly holds: Map<string, Hold>
  readonly roles: Map<string, { readonly holder: string; readonly epoch: number }>
  readonly settings: Map<string, { readonly value: unknown; readonly generation: number }>
  /** What ever replaced what. */
  readonly replacements: Map<
    number,
    { readonly inputs: readonly string[]; readonly outputs: readonly string[] }
  >
  readonly batches: Map<string, Judged>
  /** Keys of files in the order in which they were doomed or dropped. */
  readonly deleted: string[]
}

export interface ModelBatch {
  readonly id: string
  readonly ops: readonly Op[]
  readonly strict: boolean
  readonly fence?: { readonly role: string; readonly epoch: number }
}

export interface Judged {
  readonly status: 'committed' | 'fenced' | 'strict'
  readonly outcomes: readonly OpOutcome[]
}

export function emptyTable(): Table {
  return {
    time: 0,
    generation: 0,
    entries: new Map(),
    keys: new Map(),
    holds: new Map(),
    roles: new Map(),
    settings: new Map(),
    replacements: new Map(),
    batches: new Map(),
    deleted: [],
  }
}

/** Row 40, and the fence of row 39. Gives the table after the batch. */
export function applyToTable(before: Table, batch: ModelBatch): { table: Table; judged: Judged } {
  const first = before.batches.get(batch.id)
  if (first) return { table: before, judged: first }
  const { fence } = batch
  const [table, judged] = ((): [Table, Judged] => {
    if (fence && fence.epoch !== (before.roles.get(fence.role)?.epoch ?? 0))
      return [before, { status: 'fenced', outcomes: [] }]
    const after = structuredClone(before)
    const outcomes = batch.ops.map((op) => judge(after, op))
    const failed = batch.strict && outcomes.some(({ status }) => status === 'skipped')
    return failed
      ? [structuredClone(before), { status: 'strict', outcomes }]
      : [after, { status: 'committed', outcomes }]
  })()
  table.batches.set(batch.id, judged)
  return { table, judged }
}

const SAME: OpOutcome = { status: 'same' }
const skip = (reason: SkipReason): OpOutcome => ({ status: 'skipped', reason })

type Condemned = Extract<KeyState, { state: 'condemned' }>
type Doomed = { -readonly [K in keyof Extract<KeyState, { state: 'doomed' }>]: unknown }

function judge(table: Table, op: Op): OpOutcome {
  const { entries, keys, holds, roles, settings, time } = table
  const next = () => ++table.generation
  const done = (): OpOutcome => ({ status: 'done' })
  switch (op.type) {
    case 'register': {
      const { entry } = op
      const known = keys.get(entry.key)
      const listed = entries.get(entry.path)
      if (known && known.state !== 'live') return { ...skip('retired'), state: known.state } as OpOutcome
      if (known && known.path !== entry.path) return { ...skip('retired'), state: 'live' } as OpOutcome
      if (known && listed) {
        if (listed.size !== entry.size || listed.checksum !== entry.checksum) return skip('exists')
        const more = (['maxTime', 'rows'] as const).some((field) => field in entry && !(field in listed))
        if (!listed.adopted || !more) return SAME
        const { adopted: _, ...rest } = listed
        entries.set(entry.path, { ...rest, ...entry, generation: next() })
        return done()
      }
      if (listed) return skip('exists')
      if (conflicts(table, entry.path, entry.key)) return skip('conflict')
      list(table, entry, next())
      return done()
    }
    case 'update': {
      const entry = entryOf(table, op.key)
      if (!entry) return skip('absent')
      if (entry.generation !== op.generation) return skip('changed')
      const after: Record<string, unknown> = { ...entry, ...op.changes, generation: next() }
      for (const [field, value] of Object.entries(after)) if (value === null) delete after[field]
      entries.set(entry.path, after as unknown as Entry)
      return done()
    }
    case 'condemn':
      return condemn(table, op)
    case 'undo': {
      if ('replacement' in op) return undoReplacement(table, op.replacement, op.delay, op.reason)
      const known = keys.get(op.key)
      if (known?.state === 'live') return SAME
      if (known?.state === 'doomed') return skip('doomed')
      if (known?.state !== 'condemned') return skip('absent')
      if (known.replacement !== undefined) return skip('replaced')
      const entry = known.entry ?? (op.entry && { ...op.entry, adopted: true })
      if (!entry) return skip('absent')
      if (entries.has(entry.path)) return skip('exists')
      if (conflicts(table, entry.path)) return skip('conflict')
      list(table, entry, next())
      return done()
    }
    case 'replace': {
      const inputs = op.inputs.map(({ key, generation }) => {
        const entry = entryOf(table, key)
        return entry?.generation === generation ? entry : undefined
      })
      if (inputs.includes(undefined)) return skip('changed')
      const going = inputs as Entry[]
      if (going.some((entry) => isHeld(table, { ...entry, run: op.run }))) return skip('held')
      for (const { key } of op.outputs) {
        const known = keys.get(key)
        if (known) return { ...skip('retired'), state: known.state } as OpOutcome
      }
      return exchange(table, going, op.delay, op.reason, op.run, op.outputs)
    }
    case 'hold': {
      if (isAnother(op, holds.get(op.id))) return skip('changed')
      const doomed = [...keys].filter(
        ([key, row]) => row.state === 'doomed' && covers(op.scope, subjectOf(key, row)),
      )
      const only = 'path' in op.scope || 'key' in op.scope
      const other = [...keys].some(
        ([key, row]) =>
          (row.state === 'condemned' || row.state === 'live') && covers(op.scope, subjectOf(key, row, table)),
      )
      if (doomed.length > 0 && only && !other) return skip('doomed')
      const { type: _, current: __, ...rule } = op
      holds.set(op.id, rule)
      next()
      return { status: 'done', ...(doomed.length > 0 && { doomed: doomed.length }) }
    }
    case 'release':
      if (!holds.has(op.id)) return SAME
      if (isAnother(op, holds.get(op.id))) return skip('changed')
      holds.delete(op.id)
      next()
      return done()
    case 'doom': {
      const known = keys.get(op.key)
      if (known?.state === 'doomed' || known?.state === 'gone') return SAME
      if (known?.state !== 'condemned') return skip('absent')
      if (known.notBefore > time) return skip('early')
      if (isHeld(table, subjectOf(op.key, known))) return skip('held')
      if (known.entry) table.deleted.push(op.key)
      if (known.as === 'missing') bury(table, known, op.keep ?? 0, next())
      else keys.set(op.key, { ...known, state: 'doomed', generation: next() })
      return done()
    }
    case 'erased': {
      const known = keys.get(op.key)
      if (known?.state === 'gone') return SAME
      if (known?.state !== 'doomed') return skip('absent')
      bury(table, known, op.keep, next())
      return done()
    }
    case 'forget': {
      const known = keys.get(op.key)
      if (known?.state !== 'gone') return skip('absent')
      if (known.until > time) return skip('early')
      keys.delete(op.key)
      next()
      return done()
    }
    case 'role': {
      const last = roles.get(op.name)
      if (last?.epoch === op.epoch && last.holder === op.holder) return SAME
      if (op.epoch !== (last?.epoch ?? 0) + 1) return skip('changed')
      roles.set(op.name, { holder: op.holder, epoch: op.epoch })
      next()
      return done()
    }
    case 'set': {
      const last = settings.get(op.name)
      if (op.generation !== undefined && op.generation !== (last?.generation ?? 0)) return skip('changed')
      if (JSON.stringify(op.value) === JSON.stringify(last?.value)) return SAME
      const generation = next()
      if (op.value === undefined) settings.delete(op.name)
      else settings.set(op.name, { value: op.value, generation })
      return done()
    }
  }
}

/** Rows 8 to 15. */
function condemn(table: Table, op: CondemnOp): OpOutcome {
  const { keys, time } = table
  const known = keys.get(op.key)
  const run = op.run === undefined ? {} : { run: op.run }
  const notBefore = time + op.delay
  if (op.unlisted) {
    if (known) return skip(known.state === 'live' ? 'listed' : 'known')
    if (isHeld(table, { path: op.key, key: op.key, ...run })) return skip('held')
    const generation = ++table.generation
    const row = { key: op.key, as: 'orphan', notBefore, reason: op.reason, ...run, generation } as const
    keys.set(op.key, { state: 'condemned', ...row })
    return { status: 'done' }
  }
  if (known?.state === 'condemned') {
    if (op.generation === undefined) return skip('absent')
    if (op.generation !== known.generation) return skip('changed')
    if (notBefore < known.notBefore && isHeld(table, subjectOf(op.key, known))) return skip('held')
    keys.set(op.key, { ...known, notBefore, generation: ++table.generation })
    return { status: 'done' }
  }
  const entry = entryOf(table, op.key)
  if (!entry) return skip('absent')
  if (entry.generation !== op.generation) return skip('changed')
  if (isHeld(table, { ...entry, ...run })) return skip('held')
  const as = op.erase === false ? 'missing' : 'plain'
  leave(table, entry, { as, notBefore, reason: op.reason, ...run, generation: ++table.generation })
  return { status: 'done' }
}

/** Rows 21 and 22. */
function undoReplacement(table: Table, number: number, delay: number, reason: string): OpOutcome {
  const { inputs = [], outputs = [] } = table.replacements.get(number) ?? {}
  const coming = inputs.map((key) => table.keys.get(key)).filter((row) => isCondemnedBy(row, number))
  if (coming.length === 0) return skip('absent')
  if (coming.length < inputs.length) return skip('doomed')
  const live: Entry[] = []
  const linked: Condemned[] = []
  for (const key of outputs) {
    const row = table.keys.get(key)
    const entry = entryOf(table, key)
    if (entry) {
      if (entry.generation !== number) return skip('changed')
      if (isHeld(table, entry)) return skip('held')
      live.push(entry)
    } else if (row?.state === 'condemned') {
      if (!row.entry) return skip('changed')
      if (row.replacement !== undefined) return skip('replaced')
      linked.push(row)
    } else if (!row) return skip('changed')
    else if (row.state === 'gone' && row.as === 'replaced') return skip('replaced')
    else if (row.state === 'doomed' && (row as { replacement?: number }).replacement !== undefined)
      return skip('replaced')
  }
  return exchange(
    table,
    live,
    delay,
    reason,
    undefined,
    coming.map((row) => row.entry as Entry),
    linked,
  )
}

function isCondemnedBy(row: KeyState | undefined, number: number): row is Condemned {
  return row?.state === 'condemned' && row.replacement === number
}

/** What goes and what comes, all or nothing. */
function exchange(
  table: Table,
  going: readonly Entry[],
  delay: number,
  reason: string,
  run: string | undefined,
  coming: readonly (NewEntry & { generation?: number })[],
  linked: readonly Condemned[] = [],
): OpOutcome {
  const trial = structuredClone(table)
  const number = ++trial.generation
  const notBefore = trial.time + delay
  const how = { as: 'replaced', reason, ...(run !== undefined && { run }), replacement: number } as const
  for (const entry of going) leave(trial, entry, { ...how, notBefore, generation: number })
  for (const row of linked) {
    const as = row.as === 'plain' ? 'replaced' : row.as
    trial.keys.set(row.key, { ...row, as, replacement: number, generation: number })
  }
  for (const entry of coming) {
    const isNew = !trial.keys.has(entry.key)
    if (trial.entries.has(entry.path)) return skip('exists')
    if (conflicts(trial, entry.path, isNew ? entry.key : undefined)) return skip('conflict')
    list(trial, entry, number)
  }
  const inputs = [...going.map(({ key }) => key), ...linked.map(({ key }) => key)]
  trial.replacements.set(number, { inputs, outputs: coming.map(({ key }) => key) })
  Object.assign(table, trial)
  return { status: 'done', replacement: number }
}

function entryOf(table: Table, key: string): Entry | undefined {
  return [...table.entries.values()].find((entry) => entry.key === key)
}

function list(table: Table, entry: NewEntry, generation: number): void {
  table.entries.set(entry.path, { ...entry, generation })
  table.keys.set(entry.key, { state: 'live', path: entry.path })
}

function leave(table: Table, entry: Entry, how: Omit<Condemned, 'state' | 'key' | 'entry'>): void {
  table.entries.delete(entry.path)
  table.keys.set(entry.key, { state: 'condemned', key: entry.key, entry, ...how })
}

function bury(table: Table, row: Condemned | Doomed, keep: number, generation: number): void {
  const { key, as, replacement } = row as Condemned
  table.keys.set(key, {
    state: 'gone',
    key,
    as: replacement === undefined ? as : 'replaced',
    until: table.time + keep,
    generation,
  })
}

const isBelow = (name: string, folder: string) => name.startsWith(`${folder}/`)

/** `a` with `a/b`: by paths of what is listed, by keys of what is not gone. */
function conflicts({ entries, keys }: Table, path: string, newKey?: string): boolean {
  const used = [...keys].filter(([, row]) => row.state !== 'gone').map(([key]) => key)
  const paths = [...entries.keys()]
  if (paths.some((other) => isBelow(other, path) || isBelow(path, other))) return true
  if (used.some((key) => isBelow(path, key))) return true
  return newKey !== undefined && used.some((key) => isBelow(key, newKey))
}

interface Subject {
  readonly path: string
  readonly key: string
  readonly namespace?: string
  readonly run?: string | undefined
}

function isAnother({ id, current }: HoldOp | ReleaseOp, rule: Hold | undefined): boolean {
  return current !== undefined && !isDeepStrictEqual(current && { id, ...current }, rule ?? null)
}

function subjectOf(key: string, row: KeyState, table?: Table): Subject {
  if (row.state === 'live') return { ...(table && entryOf(table, key)), path: row.path, key }
  const { entry, run } = row as Condemned
  return { path: entry?.path ?? key, key, ...(entry && { namespace: entry.namespace }), run }
}

function isHeld(table: Table, subject: Subject): boolean {
  return [...table.holds.values()].some(
    ({ scope, expiresAt }) => (expiresAt === undefined || expiresAt > table.time) && covers(scope, subject),
  )
}

function covers(scope: Hold['scope'], { path, key, namespace, run }: Subject): boolean {
  if ('path' in scope) return path === scope.path
  if ('folder' in scope) return isBelow(path, scope.folder)
  if ('key' in scope) return key === scope.key
  if ('namespace' in scope) return namespace === scope.namespace
  return run === scope.run
}
