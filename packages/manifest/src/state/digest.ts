import { createHash } from 'node:crypto'
import type { Entry } from '@holdfast/core'
import { isReplicated } from '../format/rows.ts'
import { type Seal, sumOf } from '../format/seal.ts'
import type { KeyValue } from '../store/key-value.ts'
import { condemned, entries } from './scans.ts'
import type { State } from './state.ts'

/**
 * What users can see of the state, for comparing two runs that did the same in different ways: never keys, change
 * numbers or times of writing, which differ between any two runs.
 */
export function contentDigest(state: State): string {
  const hash = createHash('sha256')
  const add = (kind: string, { path, size, checksum, namespace, minTime, maxTime }: Entry) =>
    hash.update(`${kind}\0${path}\0${size}\0${checksum}\0${namespace}\0${minTime ?? ''}\0${maxTime ?? ''}\n`)
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = entries(state, cursor === undefined ? {} : { after: cursor })
    for (const entry of page.items) add('live', entry)
    cursor = page.next
  }
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = condemned(state, cursor === undefined ? {} : { after: cursor })
    for (const { entry } of page.items) if (entry) add('condemned', entry)
    cursor = page.next
  }
  return hash.digest('hex')
}

/** The state digest, added up anew from every replicated row, each checked against its own sum. */
export function recount(store: KeyValue, seal: Seal): bigint {
  let sum = 0n
  let from: Buffer = Buffer.from('a')
  const to = Buffer.from([0xff])
  for (;;) {
    const rows = store.range({ from, to, limit: 1000 })
    for (const { key, value } of rows) {
      if (!isReplicated(key)) continue
      seal.open(key, value)
      sum += sumOf(value)
    }
    const last = rows.at(-1)
    if (!last || rows.length < 1000) return BigInt.asUintN(64, sum)
    from = Buffer.concat([last.key, Buffer.from([0])])
  }
}
