import { isDeepStrictEqual } from 'node:util'
import type { Hold, HoldOp, HoldScope, NewEntry, Op, OpOutcome } from '@holdfast/core'
import fc from 'fast-check'
import { expect } from 'vitest'
import { entries, publicKeyState, settings } from '../../src/state/scans.ts'
import { batchOf, type OpenState } from '../open-state.ts'
import {
  condemn,
  condemnUnlisted,
  doom,
  erased,
  forget,
  hold,
  newEntry,
  register,
  release,
  replace,
  undo,
  undoReplacement,
  update,
} from '../support.ts'
import { applyToTable, type ModelBatch, type Table } from './table.ts'

const PATHS = ['a', 'a/b', 'c', 'd/e'] as const
const SUFFIXES = ['', '1', '2', '3', '4'] as const
export const KEYS = PATHS.flatMap((path) => SUFFIXES.map((suffix) => path + suffix))
/** How long a tombstone stays, and how long a DELETE may be under way: at most so much less as clocks go back. */
export const KEEP = 2000
export const LATE = 400
export const BACK = 500

/** The table, and what it does not know of: time as it is, the store, and DELETEs under way. */
export interface World {
  table: Table
  /** Real time, ms, and how far the clock is behind it. */
  real: number
  behind: number
  readonly bytes: Set<string>
  /** Keys whose bytes a disk has lost. */
  readonly lost: Set<string>
  deletes: { readonly key: string; readonly since: number }[]
  readonly batches: ModelBatch[]
  /** What became of which op, over all sequences. */
  readonly reached: Set<string>
}

/** The real code; opened anew now and then. */
export interface Real {
  open: OpenState
  reopen(): OpenState
}

type Command = fc.Command<World, Real>

/** Does what `does` says, then compares everything. */
function command(name: string, does: (world: World, real: Real) => void): Command {
  return {
    check: () => true,
    run: (world, real) => {
      does(world, real)
      compare(world, real)
    },
    toString: () => name,
  }
}

function commit(world: World, real: Real, batches: readonly ModelBatch[]): void {
  world.table = { ...world.table, time: Math.max(world.table.time, world.real - world.behind) }
  const judged = batches.map((batch) => {
    const result = applyToTable(world.table, batch)
    world.table = result.table
    return result.judged
  })
  const applied = real.open.apply(batches, world.real - world.behind)
  expect(applied.map(({ status, outcomes }) => ({ status, outcomes }))).toEqual(judged)
  for (const [index, { outcomes }] of judged.entries())
    note(world.reached, batches[index]?.ops ?? [], outcomes)
}

/** Remembers what became of which op. */
export function note(reached: Set<string>, ops: readonly Op[], outcomes: readonly OpOutcome[]): void {
  for (const [at, outcome] of outcomes.entries()) {
    const op = ops[at]
    if (!op) continue
    const kind = op.type === 'undo' && 'replacement' in op ? 'undo replacement' : op.type
    reached.add(`${kind}: ${outcome.status === 'skipped' ? outcome.reason : outcome.status}`)
  }
}

function compare({ table, bytes, lost }: World, { open }: Real): void {
  compareRows(table, open)
  expect(open.deleted.map(({ key }) => key)).toEqual(table.deleted)
  expect(withoutBytes(table, bytes, lost), 'listed files without bytes').toEqual([])
}

/** Keys of listed files that have no bytes, though no disk has lost them. */
export function withoutBytes(
  { entries }: Table,
  bytes: ReadonlySet<string>,
  lost: ReadonlySet<string>,
): string[] {
  return [...entries.values()].map(({ key }) => key).filter((key) => !bytes.has(key) && !lost.has(key))
}

/** Everything replicated that a state shows. */
export function compareRows(table: Table, { state, check }: OpenState): void {
  expect(check()).toEqual([])
  const listed = entries(state, {}).items
  const expected = [...table.entries.values()].sort((one, other) => (one.path < other.path ? -1 : 1))
  if (!isDeepStrictEqual(listed, expected)) expect(listed).toEqual(expected)
  for (const key of KEYS) {
    const row = publicKeyState(key as NewEntry['key'], state.key(key as NewEntry['key']))
    const known = table.keys.get(key)
    // Of a doomed row only this is public.
    const shown =
      known?.state === 'doomed'
        ? { key, state: 'doomed', generation: known.generation, ...(known.entry && { entry: known.entry }) }
        : known
    if (!isDeepStrictEqual(row, shown)) expect(row).toEqual(shown)
  }
  expect(state.head.generation).toBe(table.generation)
  expect(state.holds.all()).toEqual(
    [...table.holds.values()].sort((one, other) => (one.id < other.id ? -1 : 1)),
  )
  expect(settings(state, {}).items).toEqual([...table.settings].map(([name, row]) => ({ name, ...row })))
  for (const [name, role] of table.roles) expect(state.settings.role(name)).toEqual({ name, ...role })
}

/** An op that is aimed when its turn comes: at what is there, mostly. */
type Aimed = (world: World) => Op | undefined

export const number = fc.nat(1000)
const path = fc.constantFrom(...PATHS)
const suffix = fc.constantFrom(...SUFFIXES)
const delay = fc.constantFrom(0, 0, 300)
const run = fc.constantFrom(undefined, 'r1', 'r2')
/** One of five is on a generation of yesterday. */
const stale = fc.constantFrom(0, 0, 0, 0, 1)

/** A key in one of these states, if there is one; now and then any. */
function aim({ table }: World, states: readonly string[], pick: number): string | undefined {
  const there = [...table.keys].filter(([, { state }]) => states.includes(state)).map(([key]) => key)
  const from = pick % 16 === 0 ? KEYS : there
  return from[(pick >> 4) % from.length]
}

/** An op about a key in one of these states. */
function about(
  states: readonly string[],
  pick: number,
  make: (key: string, world: World) => Op | undefined,
): Aimed {
  return (world) => {
    const key = aim(world, states, pick)
    return key === undefined ? undefined : make(key, world)
  }
}

function generationOf({ table }: World, key: string): number {
  const known = table.keys.get(key)
  if (known?.state === 'live') return table.entries.get(known.path)?.generation ?? 0
  return known?.generation ?? 0
}

const newEntryOf = fc
  .record({
    path,
    suffix,
    size: fc.constantFrom(1, 1, 1, 2),
    namespace: fc.constantFrom('n', 'm'),
    maxTime: fc.constantFrom(undefined, 5),
    adopted: fc.constantFrom(undefined, undefined, true),
  })
  .map(({ path, suffix, size, namespace, maxTime, adopted }) =>
    newEntry(path, {
      key: path + suffix,
      size,
      namespace,
      ...(maxTime !== undefined && { maxTime }),
      ...(adopted && { adopted }),
    }),
  )

const scope: fc.Arbitrary<HoldScope> = fc.oneof(
  path.map((name) => ({ path: name })),
  fc.constantFrom({ folder: 'a' }, { folder: 'd' }),
  fc.constantFrom(...KEYS).map((key) => ({ key })),
  fc.constantFrom({ namespace: 'n' }, { namespace: 'm' }),
  fc.constantFrom({ run: 'r1' }, { run: 'r2' }),
)

/** On which rule somebody decides: whatever there is, the one that is there, one that differs in one thing, or none. */
const seen = fc.constantFrom<(rule: Hold | undefined) => Pick<HoldOp, 'current'>>(
  () => ({}),
  (rule) => ({ current: seenOf(rule) }),
  (rule) => ({ current: { ...seenOf(rule), scope: { folder: 'd' }, owner: 'test' } }),
  (rule) => ({ current: { scope: { folder: 'd' }, ...seenOf(rule), owner: 'other' } }),
  (rule) => ({ current: { scope: { folder: 'd' }, owner: 'test', ...seenOf(rule), expiresAt: 1 } }),
  () => ({ current: null }),
)

function seenOf(rule: Hold | undefined): Omit<Hold, 'id'> | null {
  if (!rule) return null
  const { id: _, ...seen } = rule
  return seen
}

const op: fc.Arbitrary<Aimed> = fc.oneof(
  {
    weight: 6,
    arbitrary: newEntryOf.map(
      ({ path, ...fields }): Aimed =>
        () =>
          register(path, fields),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(number, stale, fc.constantFrom(null, 7), fc.constantFrom('n', 'm'))
      .map(([pick, off, maxTime, namespace]) =>
        about(['live'], pick, (key, world) =>
          update(key, generationOf(world, key) + off, { maxTime, namespace }),
        ),
      ),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({ pick: number, off: stale, delay, run, missing: fc.constantFrom(false, false, false, true) })
      .map(({ pick, off, delay, run, missing }) =>
        about(pick % 3 === 0 ? ['condemned'] : ['live'], pick, (key, world) => {
          const more = { delay, ...(run && { run }), ...(missing && { erase: false as const }) }
          return condemn(key, generationOf(world, key) + off, more)
        }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ key: fc.constantFrom(...KEYS), delay, run }).map(
      ({ key, delay, run }): Aimed =>
        () =>
          condemnUnlisted(key, { delay, ...(run && { run }) }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(number, newEntryOf, fc.boolean()).map(([pick, entry, adopt]) =>
      about(pick % 5 === 0 ? ['doomed'] : ['condemned'], pick, (key, { table, bytes }) => {
        // The proposer has seen the bytes.
        if (table.keys.get(key)?.state === 'condemned' && !bytes.has(key)) return undefined
        return adopt && entry.key === key ? { ...undo(key), entry } : undo(key)
      }),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(number, delay).map(
      ([pick, delay]): Aimed =>
        ({ table, bytes }) => {
          // The newest ones are those that can be undone.
          const newest = [...table.replacements.keys()].slice(-4)
          const number = pick % 16 === 0 ? pick : newest[(pick >> 4) % newest.length]
          const inputs = table.replacements.get(number ?? 0)?.inputs ?? []
          if (number === undefined || !inputs.every((key) => bytes.has(key))) return undefined
          return undoReplacement(number, { delay })
        },
    ),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({
        picks: fc.array(number, { minLength: 1, maxLength: 2 }),
        off: stale,
        outputs: fc.array(newEntryOf, { minLength: 1, maxLength: 2 }),
        delay,
        run,
      })
      .map(
        ({ picks, off, outputs, delay, run }): Aimed =>
          (world) => {
            const keys = picks.flatMap((pick) => aim(world, ['live'], pick) ?? [])
            if (keys.length === 0) return undefined
            const inputs = Object.fromEntries(keys.map((key) => [key, generationOf(world, key) + off]))
            return replace(inputs, outputs, { delay, ...(run && { run }) })
          },
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ id: fc.constantFrom('h', 'i'), scope, lasts: fc.constantFrom(undefined, 300), seen })
      .map(
        ({ id, scope, lasts, seen }): Aimed =>
          ({ table }) =>
            hold(id, scope, {
              ...(lasts !== undefined && { expiresAt: table.time + lasts }),
              ...seen(table.holds.get(id)),
            }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('h', 'i'), seen).map(
      ([id, seen]): Aimed =>
        ({ table }) =>
          release(id, seen(table.holds.get(id))),
    ),
  },
  {
    weight: 4,
    arbitrary: number.map((pick) => about(['condemned'], pick, (key) => ({ ...doom(key), keep: KEEP }))),
  },
  { weight: 3, arbitrary: number.map((pick) => about(['doomed'], pick, (key) => erased(key, KEEP))) },
  { weight: 3, arbitrary: number.map((pick) => about(['gone'], pick, forget)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('n1', 'n2'), fc.constantFrom(0, 1, 1, 2)).map(
      ([holder, step]): Aimed =>
        ({ table }) => {
          const epoch = (table.roles.get('sweeper')?.epoch ?? 0) + step
          return epoch === 0 ? undefined : { type: 'role', name: 'sweeper', holder, epoch }
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Op>(
        { type: 'set', name: 's', value: [1] },
        { type: 'set', name: 's', value: null, generation: 0 },
        { type: 'set', name: 's' },
      )
      .map(
        (set): Aimed =>
          () =>
            set,
      ),
  },
)

/** What a batch must not name twice. */
function namesOf(of: Op): string[] {
  if (of.type === 'register') return [of.entry.key, `path ${of.entry.path}`]
  if (of.type === 'replace')
    return [
      ...of.inputs.map(({ key }) => key as string),
      ...of.outputs.flatMap(({ key, path }) => [key as string, `path ${path}`]),
    ]
  if (of.type === 'undo' && 'replacement' in of) return [`replacement ${of.replacement}`]
  if (of.type === 'hold' || of.type === 'release') return [`hold ${of.id}`]
  if (of.type === 'role' || of.type === 'set') return [`name ${of.name}`]
  return of.type === 'undo' && of.entry ? [of.key, `path ${of.entry.path}`] : [of.key]
}

export const batch = fc
  .record({
    ops: fc.array(op, { minLength: 1, maxLength: 3 }),
    strict: fc.constantFrom(false, false, false, true),
    epoch: fc.constantFrom(undefined, undefined, 0, 0, 1),
  })
  .map(({ ops, strict, epoch }) => (world: World): ModelBatch => {
    const seen = new Set<string>()
    const aimed = ops.flatMap((aim) => aim(world) ?? [])
    const distinct = aimed.filter((one) => {
      const names = namesOf(one)
      if (new Set(names).size < names.length || names.some((name) => seen.has(name))) return false
      for (const name of names) seen.add(name)
      return true
    })
    // A writer has its bytes in the store before it proposes to list them.
    for (const one of distinct)
      for (const { key } of one.type === 'register'
        ? [one.entry]
        : one.type === 'replace'
          ? one.outputs
          : []) {
        world.bytes.add(key)
        world.lost.delete(key)
      }
    const tenure = world.table.roles.get('sweeper')?.epoch ?? 0
    const fence = epoch === undefined ? {} : { fence: { role: 'sweeper', epoch: tenure + epoch } }
    return batchOf(distinct, { strict, ...fence })
  })

export const commands: fc.Arbitrary<Command>[] = [
  // The weights: what is listed twice comes twice as often.
  ...Array.from({ length: 6 }, () =>
    fc.array(batch, { minLength: 1, maxLength: 2 }).map((made) =>
      command('commit', (world, real) => {
        const batches = made.map((make) => make(world)).filter(({ ops }) => ops.length > 0)
        world.batches.push(...batches)
        commit(world, real, batches)
      }),
    ),
  ),
  number.map((pick) =>
    command('the same batch again', (world, real) => {
      const again = world.batches[pick % Math.max(1, world.batches.length)]
      if (again) commit(world, real, [again])
    }),
  ),
  fc.constantFrom(100, 300, 1000, KEEP).map((ms) =>
    command(`wait ${ms}`, (world) => {
      // No DELETE is under way for longer than its limit: those that still are, land before it ends.
      world.real += ms
      const isOver = ({ since }: World['deletes'][number]) => since + LATE <= world.real
      for (const { key } of world.deletes.filter(isOver)) world.bytes.delete(key)
      world.deletes = world.deletes.filter((one) => !isOver(one))
    }),
  ),
  fc.constantFrom(0, BACK).map((ms) =>
    command(`the clock is ${ms} behind`, (world) => {
      world.behind = ms
    }),
  ),
  number.map((pick) =>
    command('a DELETE is sent', (world, { open: { state, erasing } }) => {
      const key = [...erasing][pick % Math.max(1, erasing.size)]
      // The row is read again right before.
      const known = key === undefined ? undefined : state.key(key as NewEntry['key'])
      if (key !== undefined && (known?.state === 'doomed' || known?.state === 'gone'))
        world.deletes.push({ key, since: world.real })
    }),
  ),
  number.map((pick) =>
    command('a DELETE lands', ({ deletes, bytes }) => {
      const [one] = deletes.splice(pick % Math.max(1, deletes.length), 1)
      if (one) bytes.delete(one.key)
    }),
  ),
  fc.constantFrom(...KEYS).map((key) =>
    command(`the disk loses ${key}, or finds it again`, ({ bytes, lost }) => {
      if (lost.delete(key)) bytes.add(key)
      else if (bytes.delete(key)) lost.add(key)
    }),
  ),
  fc.constant(
    command('the state is opened anew', (_, real) => {
      real.open = real.reopen()
    }),
  ),
]
