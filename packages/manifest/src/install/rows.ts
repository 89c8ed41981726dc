import { type CallOptions, type Clock, HoldfastError, type StateRow, type StateRows } from '@holdfast/core'
import { STORE_FORMAT } from '../data-dir/store-format.ts'
import { after, isReplicated, named, TABLE } from '../format/rows.ts'
import type { Seal } from '../format/seal.ts'
import { emptyHead, publicHead, readHead } from '../state/head.ts'
import type { KeyValue } from '../store/key-value.ts'

/** The state's head goes first: it says what the others add up to. */
export const HEAD = named(TABLE.head, '')
/** The tables that all nodes have. */
export const REPLICATED = { from: Buffer.from([0x61]), to: Buffer.from([0xff]) } as const
const PAGE = 500
/** How long a state may be read, ms: as long as that no page that it sees is used again. */
const LONGEST_MS = 600_000

export interface StateRowsParts {
  readonly store: KeyValue
  readonly seal: Seal
  readonly logId: string
  readonly clock: Clock
}

/** A state as it is now, for another node. */
export function stateRows({ store, seal, logId, clock }: StateRowsParts): StateRows {
  const snapshot = store.snapshot()
  // Not the one in memory: of a process that was overtaken it may be older than the rows.
  const [row] = snapshot.range({ from: HEAD, to: after(HEAD), limit: 1 })
  const shown = publicHead(row ? readHead(seal.open(row.key, row.value)) : emptyHead())
  let open = true
  const close = () => {
    if (open) snapshot.close()
    open = false
    timer.clear()
  }
  const timer = clock.timer(LONGEST_MS, close)
  return {
    logId,
    format: STORE_FORMAT,
    head: shown,
    async *pages({ signal }: CallOptions = {}) {
      for (let range: { from: Buffer; to: Buffer } = { from: HEAD, to: after(HEAD) }; ; ) {
        signal?.throwIfAborted()
        if (!open)
          throw new HoldfastError('HF_STOPPED', 'the state was read for too long, or is disposed of', {
            operation: 'manifest.rows',
          })
        const page = snapshot.range({ ...range, limit: PAGE })
        if (page.length > 0) yield page.map(({ key, value }): StateRow => ({ name: key, value }))
        const last = page.at(-1)
        if (last && isReplicated(last.key)) range = { from: after(last.key), to: REPLICATED.to }
        else if (range.from === HEAD) range = REPLICATED
        else break
        if (page.length < PAGE && range !== REPLICATED) break
      }
      close()
    },
    [Symbol.dispose]: close,
  }
}
