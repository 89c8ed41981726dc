import { inspect, isDeepStrictEqual } from 'node:util'
import type { FilePath, StorageKey } from '@holdfast/core'
import { readListed } from '../format/entry.ts'
import { readHold } from '../format/hold.ts'
import { type KeyRow, readKeyRow } from '../format/key-row.ts'
import { readReplacement } from '../format/replacement.ts'
import {
  ageRow,
  behind,
  dueRow,
  indexOfLogRow,
  isReplicated,
  leavingRow,
  named,
  nameOf,
  TABLE,
} from '../format/rows.ts'
import { type Seal, sumOf } from '../format/seal.ts'
import type { KeyValue, Row } from '../store/key-value.ts'
import { type FolderRow, readFolder } from './folders.ts'
import { readNamespace } from './namespaces.ts'
import type { State } from './state.ts'
import { plus, type Total } from './total.ts'

const PAGE = 1000
/** Problems that are reported; one broken index breaks every row of it. */
const MOST_PROBLEMS = 100

interface Counted {
  files: number
  bytes: Total
  rows: Total
  timedFiles: number
}
interface Seen extends Counted {
  /** The least maxTime. */
  least: number
}

/**
 * Counts the whole state anew: every value against its checksum, the digest against the rows, every index, counter
 * and folder against the entries and keys that it stands for. Memory grows with folders, namespaces and replacements.
 */
export function checkState(state: State, store: KeyValue, seal: Seal): readonly string[] {
  const problems: string[] = []
  const problem = (what: string) => void (problems.length < MOST_PROBLEMS && problems.push(what))
  const expected = new Map<string, number>()
  const must = (row: Buffer, what: string) => {
    const table = String.fromCharCode(row[0] as number)
    expected.set(table, (expected.get(table) ?? 0) + 1)
    if (!state.rows.has(row)) problem(`${what} has no row in its index`)
  }
  const namespaces = countEntries(state, store, seal, must, problem)
  const { folders, replaced } = countKeys(state, store, seal, must, problem)
  checkReplacements(state, store, seal, replaced, problem)
  checkHolds(state, store, seal, problem)
  checkBatches(state, store, seal, problem)
  for (const [name, { least, ...counted }] of namespaces) {
    const {
      number: _,
      oldest = Number.POSITIVE_INFINITY,
      ...row
    } = state.rows.get(named(TABLE.namespace, name), readNamespace) ?? { number: 0 }
    if (oldest > least)
      problem(`namespace ${name} says that nothing is older than ${oldest}, but has ${least}`)
    if (!isDeepStrictEqual(row, counted))
      problem(`namespace ${name} counts ${inspect(row)}, but has ${inspect(counted)}`)
  }
  for (const [folder, counts] of folders) {
    const row = state.rows.get(named(TABLE.folder, folder), readFolder)
    if (JSON.stringify(row) !== JSON.stringify(counts))
      problem(`folder ${folder} counts ${JSON.stringify(row)}, but has ${JSON.stringify(counts)}`)
  }
  expected.set(TABLE.namespace, namespaces.size).set(TABLE.folder, folders.size)
  const { sum, rows } = addUp(store, seal)
  for (const table of [TABLE.age, TABLE.leaving, TABLE.due, TABLE.namespace, TABLE.folder])
    if ((rows.get(table) ?? 0) !== (expected.get(table) ?? 0))
      problem(`table ${table} has ${rows.get(table) ?? 0} rows, not ${expected.get(table) ?? 0}`)
  if (sum !== state.head.digest)
    problem(`the running digest is ${state.head.digest}, the rows add up to ${sum}`)
  return problems
}

type Must = (row: Buffer, what: string) => void

function countEntries(
  state: State,
  store: KeyValue,
  seal: Seal,
  must: Must,
  problem: (what: string) => void,
): Map<string, Seen> {
  const namespaces = new Map<string, Seen>()
  for (const { key: row, value } of scan(store, named(TABLE.entry, ''))) {
    const entry = readListed(seal.open(row, value))
    if (entry.path !== nameOf(row)) problem(`entry ${entry.path} stands under ${nameOf(row)}`)
    const known = state.key(entry.key)
    if (known?.state !== 'live' || known.path !== entry.path)
      problem(`entry ${entry.path} has the key ${entry.key}, which is ${known?.state ?? 'unknown'}`)
    const counted = namespaces.get(entry.namespace) ?? {
      files: 0,
      bytes: 0,
      rows: 0,
      timedFiles: 0,
      least: Number.POSITIVE_INFINITY,
    }
    namespaces.set(entry.namespace, counted)
    counted.files++
    counted.bytes = plus(counted.bytes, entry.size)
    counted.rows = plus(counted.rows, entry.rows ?? 0)
    if (entry.maxTime === undefined) continue
    counted.timedFiles++
    counted.least = Math.min(counted.least, entry.maxTime)
    const number = state.rows.get(named(TABLE.namespace, entry.namespace), readNamespace)?.number ?? 0
    must(ageRow(number, entry.maxTime, entry.path), `entry ${entry.path}`)
  }
  return namespaces
}

function countKeys(
  state: State,
  store: KeyValue,
  seal: Seal,
  must: Must,
  problem: (what: string) => void,
): { folders: Map<string, FolderRow>; replaced: Map<number, number> } {
  const folders = new Map<string, FolderRow>()
  const replaced = new Map<number, number>()
  for (const { key: row, value } of scan(store, named(TABLE.key, ''))) {
    const key = nameOf(row) as StorageKey
    const known = readKeyRow(seal.open(row, value))
    if (known.state === 'live' && state.entry(known.path)?.key !== key)
      problem(`key ${key} is live without its entry`)
    if (known.state === 'gone') must(dueRow('gone', known.until, key), `key ${key}`)
    if (known.state === 'doomed') must(dueRow('doomed', known.since, key), `key ${key}`)
    if (known.state === 'condemned') must(dueRow('condemned', known.notBefore, key), `key ${key}`)
    if (known.state === 'condemned' || known.state === 'doomed')
      must(leavingRow(known.entry?.path ?? (key as string as FilePath), known.generation), `key ${key}`)
    if (known.state === 'condemned' && known.replacement !== undefined)
      replaced.set(known.replacement, (replaced.get(known.replacement) ?? 0) + 1)
    if (known.state === 'gone') continue
    let below = 0
    for (let name: string = key, slash = name.lastIndexOf('/'); slash !== -1; slash = name.lastIndexOf('/')) {
      name = name.slice(0, slash)
      const counted = folders.get(name)
      folders.set(name, { children: (counted?.children ?? 0) + 1, folders: (counted?.folders ?? 0) + below })
      if (counted) break
      below = 1
    }
  }
  return { folders, replaced }
}

/** Each replacement against the keys that it condemned: it is there as long as one is, with all of them or none. */
function checkReplacements(
  state: State,
  store: KeyValue,
  seal: Seal,
  replaced: ReadonlyMap<number, number>,
  problem: (what: string) => void,
): void {
  let rows = 0
  for (const { key: row, value } of scan(store, named(TABLE.replacement, ''))) {
    rows++
    const number = indexOfLogRow(row)
    const { left, whole } = readReplacement(seal.open(row, value))
    if (left !== replaced.get(number))
      problem(`replacement ${number} counts ${left} condemned keys, but has ${replaced.get(number) ?? 0}`)
    for (const key of whole?.inputs ?? [])
      if (!isReplacedBy(number, state.key(key))) problem(`${key} is not condemned by replacement ${number}`)
  }
  if (rows !== replaced.size) problem(`there are ${rows} replacements, not ${replaced.size}`)
}

function isReplacedBy(replacement: number, known: KeyRow | undefined): boolean {
  return known?.state === 'condemned' && known.replacement === replacement
}

/** The rules in memory against their rows. */
function checkHolds(state: State, store: KeyValue, seal: Seal, problem: (what: string) => void): void {
  let rows = 0
  for (const { key: row, value } of scan(store, named(TABLE.hold, ''))) {
    rows++
    const hold = { id: nameOf(row), ...readHold(seal.open(row, value)) }
    if (JSON.stringify(state.holds.get(hold.id)) !== JSON.stringify(hold))
      problem(`hold ${hold.id} is not the one that is asked`)
  }
  if (rows !== state.holds.size) problem(`there are ${rows} holds, but ${state.holds.size} are asked`)
}

/** Recent batches against the rows that say when to forget them. */
function checkBatches(state: State, store: KeyValue, seal: Seal, problem: (what: string) => void): void {
  let ids = 0
  for (const { key: row, value } of scan(store, named(TABLE.slot, '')))
    for (const id of seal.open(row, value).texts()) {
      ids++
      if (!state.recent.find(id)) problem(`batch ${id} is forgotten too early`)
    }
  let rows = 0
  for (const _ of scan(store, named(TABLE.batch, ''))) rows++
  if (rows !== ids || rows !== state.head.batches)
    problem(`${rows} batches are remembered, ${ids} by their records, ${state.head.batches} are counted`)
}

function addUp(store: KeyValue, seal: Seal): { sum: bigint; rows: Map<string, number> } {
  let sum = 0n
  const rows = new Map<string, number>()
  for (const { key, value } of scan(store, Buffer.alloc(0))) {
    if (!isReplicated(key)) continue
    seal.open(key, value)
    sum += sumOf(value)
    const table = String.fromCharCode(key[0] as number)
    rows.set(table, (rows.get(table) ?? 0) + 1)
  }
  return { sum: BigInt.asUintN(64, sum), rows }
}

function* scan(store: KeyValue, prefix: Buffer): Generator<Row> {
  const to = prefix.length === 0 ? Buffer.from([0xff]) : behind(prefix)
  for (let from = prefix; ; ) {
    const rows = store.range({ from, to, limit: PAGE })
    yield* rows
    const last = rows.at(-1)
    if (!last || rows.length < PAGE) return
    from = Buffer.concat([last.key, Buffer.from([0])])
  }
}
