import { hasCode } from '@holdfast/core'
import { EmbeddedLog } from '../commit/log.ts'
import { formatOf, STORE_FORMAT } from '../data-dir/store-format.ts'
import { indexOfLogRow, isReplicated, TABLE } from '../format/rows.ts'
import { type Seal, sumOf } from '../format/seal.ts'
import { checkState } from '../state/check.ts'
import { State } from '../state/state.ts'
import type { KeyValue } from '../store/key-value.ts'

const PAGE = 1000
const ALL = Buffer.from([0])
const END = Buffer.from([0xff])
/** Rows between two reports of progress. */
const REPORTED = 100_000

/** Opens every row's seal. @throws HF_MANIFEST_CORRUPT */
export function* walkRows(
  store: KeyValue,
  seal: Seal,
): Generator<{ readonly key: Buffer; readonly value: Buffer }> {
  for (let from = ALL; ; ) {
    const rows = store.range({ from, to: END, limit: PAGE })
    for (const row of rows) {
      seal.open(row.key, row.value)
      yield row
    }
    const last = rows.at(-1)
    if (!last || rows.length < PAGE) return
    from = Buffer.concat([last.key, ALL])
  }
}

/**
 * What is wrong with a manifest's rows: a damaged value, a missing row (the rows do not add up to the digest of the
 * state), a gap in the log. `deep` also compares every index and counter with what it stands for.
 */
export function manifestProblems(
  store: KeyValue,
  seal: Seal,
  deep: boolean,
  onProgress: (rows: number) => void,
): { readonly rows: number; readonly problems: readonly string[] } {
  let [sum, rows, gap] = [0n, 0, false]
  let lastIndex: number | undefined
  for (const { key, value } of walkRows(store, seal)) {
    if (++rows % REPORTED === 0) onProgress(rows)
    if (isReplicated(key)) sum += sumOf(value)
    if (String.fromCharCode(key[0] as number) !== TABLE.log) continue
    const index = indexOfLogRow(key)
    gap ||= lastIndex !== undefined && index !== lastIndex + 1
    lastIndex = index
  }
  const problems: string[] = []
  try {
    const state = new State(store, seal)
    if (BigInt.asUintN(64, sum) !== state.head.digest)
      problems.push('rows are missing, or stand where none were written')
    if (gap) problems.push('records of the log are missing')
    // Rows of the log looked different once; an older store is judged when it has been upgraded.
    if (formatOf(state.rows) === STORE_FORMAT) new EmbeddedLog(state.rows, seal).checkChain(state.head)
    if (deep) problems.push(...checkState(state, store, seal))
  } catch (error) {
    // What a later version wrote is for that version to judge; the start says so.
    if (!hasCode(error, 'HF_FORMAT_NEWER')) throw error
  }
  return { rows, problems }
}
