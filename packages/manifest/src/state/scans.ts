import {
  type AgeQuery,
  type Condemned,
  type Entry,
  type FilePath,
  type KeyPage,
  type KeyQuery,
  type KeyState,
  MAX_PATH_BYTES,
  type NamespaceCounters,
  type Page,
  type PageQuery,
  type Setting,
  type StorageKey,
} from '@holdfast/core'
import { readListed } from '../format/entry.ts'
import type { KeyRow } from '../format/key-row.ts'
import { after, ageRow, behind, leavingRow, named, nameOf, pathOfAgeRow, TABLE } from '../format/rows.ts'
import { readSetting } from '../format/settings.ts'
import { publicCounters, readNamespace } from './namespaces.ts'
import type { State } from './state.ts'

/** Small: what of a page is alive when the collector comes is copied, and makes V8 grow its young space by tens of MB. */
const PAGE = 250
const KEYS = 1000

/** No name is longer, so nothing begins with a longer prefix; LMDB would not take one as a key. */
function isTooLong(prefix: string): boolean {
  return Buffer.byteLength(prefix) > MAX_PATH_BYTES
}

/** Live files in byte order of their paths. */
export function entries(
  state: State,
  { prefix = '', after: cursor, limit = PAGE }: PageQuery & { readonly prefix?: string },
): Page<Entry> {
  if (isTooLong(prefix)) return { items: [] }
  const start = named(TABLE.entry, prefix)
  const from = cursor === undefined ? start : after(named(TABLE.entry, cursor))
  const items = state.rows.page(from, behind(start), limit, readListed)
  return page(items, limit, ({ path }) => path)
}

/** Keys that are known in any state, in byte order. */
export function keys(state: State, { prefix = '', after: cursor, until, limit = KEYS }: KeyQuery): KeyPage {
  if (isTooLong(prefix)) return { keys: [] }
  const start = named(TABLE.key, prefix)
  const from = cursor === undefined ? start : after(keyBound(cursor))
  const to = until === undefined ? behind(start) : keyBound(until)
  const found = state.rows.texts(latest(start, from), earliest(behind(start), to), limit) as StorageKey[]
  const last = found.at(-1)
  return last !== undefined && found.length === limit ? { keys: found, next: last } : { keys: found }
}

/** No key is as long as what is left of a longer bound, so nothing changes its side. */
function keyBound(text: string): Buffer {
  return named(TABLE.key, text).subarray(0, MAX_PATH_BYTES + 2)
}

function earliest(a: Buffer, b: Buffer): Buffer {
  return Buffer.compare(a, b) <= 0 ? a : b
}

function latest(a: Buffer, b: Buffer): Buffer {
  return Buffer.compare(a, b) >= 0 ? a : b
}

/** Live files of a namespace whose maxTime is known and below `before`, oldest or newest first. */
export function entriesByAge(
  state: State,
  { namespace, before, after: cursor, limit = PAGE, newestFirst = false }: AgeQuery,
): Page<Entry> {
  const row = state.rows.get(named(TABLE.namespace, namespace), readNamespace)
  if (!row) return { items: [] }
  let from = ageRow(row.number, Number.MIN_SAFE_INTEGER, '')
  let to = ageRow(row.number, before, '')
  if (cursor !== undefined) {
    const at = Buffer.from(cursor, 'base64')
    if (newestFirst) to = at
    else from = after(at)
  }
  const names = state.rows.names(from, to, limit, newestFirst)
  const items = names.flatMap((name) => state.entry(pathOfAgeRow(name) as FilePath) ?? [])
  const last = names.at(-1)
  return last && names.length === limit ? { items, next: last.toString('base64') } : { items }
}

/** Condemned rows by path; orphans stand under their keys. */
export function condemned(
  state: State,
  { prefix = '', after: cursor, limit = PAGE }: PageQuery & { readonly prefix?: string },
): Page<Condemned> {
  if (isTooLong(prefix)) return { items: [] }
  const start = named(TABLE.leaving, prefix)
  const from = cursor === undefined ? start : after(Buffer.from(cursor, 'base64'))
  const rows = state.rows.page(from, behind(start), limit, (payload, row) => ({
    row,
    key: payload.text() as StorageKey,
  }))
  const items = rows.flatMap(({ key }) => {
    const known = publicKeyState(key, state.key(key))
    return known?.state === 'condemned' ? [known] : []
  })
  const last = rows.at(-1)
  return last && rows.length === limit ? { items, next: last.row.toString('base64') } : { items }
}

/** The condemned and doomed keys of exactly this path, newest first. */
export function* leavingOf(state: State, path: FilePath): Generator<StorageKey> {
  const from = leavingRow(path, 0)
  for (let to = leavingRow(path, Number.MAX_SAFE_INTEGER); ; ) {
    const rows = state.rows.names(from, to, 100, true)
    for (const row of rows) yield* state.rows.get(row, (payload) => [payload.text() as StorageKey]) ?? []
    const last = rows.at(-1)
    if (!last || rows.length < 100) return
    to = last
  }
}

export function namespaces(
  state: State,
  { after: cursor, limit = PAGE }: PageQuery,
): Page<NamespaceCounters> {
  const start = named(TABLE.namespace, '')
  const from = cursor === undefined ? start : after(named(TABLE.namespace, cursor))
  const items = state.rows.page(from, behind(start), limit, (payload, row) =>
    publicCounters(row, readNamespace(payload)),
  )
  return page(items, limit, ({ namespace }) => namespace)
}

export function namespace(state: State, name: string): NamespaceCounters | undefined {
  if (isTooLong(name)) return undefined
  return state.rows.get(named(TABLE.namespace, name), (payload) =>
    publicCounters(named(TABLE.namespace, name), readNamespace(payload)),
  )
}

export function settings(
  state: State,
  { prefix = '', after: cursor, limit = PAGE }: PageQuery & { readonly prefix?: string },
): Page<Setting> {
  if (isTooLong(prefix)) return { items: [] }
  const start = named(TABLE.setting, prefix)
  const from = cursor === undefined ? start : after(named(TABLE.setting, cursor))
  const items = state.rows.page(from, behind(start), limit, (payload, row) => ({
    name: nameOf(row),
    ...readSetting(payload),
  }))
  return page(items, limit, ({ name }) => name)
}

export function publicKeyState(key: StorageKey, row: KeyRow | undefined): KeyState | undefined {
  switch (row?.state) {
    case undefined:
      return undefined
    case 'live':
      return row
    case 'condemned': {
      const { unlisted: _, ...state } = row
      return { key, ...state }
    }
    case 'doomed':
      return { key, state: 'doomed', generation: row.generation, ...(row.entry && { entry: row.entry }) }
    case 'gone':
      return { key, ...row }
  }
}

function page<T>(items: T[], limit: number, cursor: (last: T) => string): Page<T> {
  const last = items.at(-1)
  return last !== undefined && items.length === limit ? { items, next: cursor(last) } : { items }
}
