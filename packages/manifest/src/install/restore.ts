import type { CallOptions, FailpointRegistry, StateRows } from '@holdfast/core'
import { asBuffer, corrupt } from '../format/bytes.ts'
import { isReplicated } from '../format/rows.ts'
import { type Seal, sumOf } from '../format/seal.ts'
import { type Head, readHead } from '../state/head.ts'
import type { KeyValue } from '../store/key-value.ts'
import { HEAD } from './rows.ts'

export interface RestoreParts extends CallOptions {
  readonly store: KeyValue
  readonly seal: Seal
  readonly failpoints: FailpointRegistry
}

/**
 * Writes a state into an empty store, and makes sure that it is whole: every value fits its row, the rows are in order,
 * and together they have the digest of the head.
 * @throws HF_MANIFEST_CORRUPT
 */
export async function restore(rows: StateRows, parts: RestoreParts): Promise<Head> {
  const { store, seal, failpoints, signal } = parts
  let head: Head | undefined
  let digest = 0n
  let last: Buffer | undefined
  for await (const page of rows.pages(signal ? { signal } : {})) {
    signal?.throwIfAborted()
    if (failpoints.armed) await failpoints.hit('install.page.before')
    store.transaction((writer) => {
      for (const row of page) {
        const [name, value] = [asBuffer(row.name), asBuffer(row.value)]
        const payload = seal.open(name, value)
        if (name.equals(HEAD)) head = readHead(payload)
        else if (!isReplicated(name)) throw corrupt("a row of one node's own in the state of another")
        else if (last && Buffer.compare(last, name) >= 0) throw corrupt('rows that are not in order')
        else {
          digest = BigInt.asUintN(64, digest + sumOf(value))
          last = Buffer.from(name)
        }
        writer.put(name, value)
      }
    })
    if (failpoints.armed) await failpoints.hit('install.page.after')
  }
  const { position } = rows.head
  if (!head || head.index !== position.index || head.term !== position.term)
    throw corrupt('a state whose head is missing, or is another one')
  if (head.digest !== digest) throw corrupt('a state whose rows do not add up to its digest')
  return head
}
