import { HoldfastError } from '@holdfast/core'
import { named, TABLE } from '../format/rows.ts'
import type { Seal } from '../format/seal.ts'
import type { KeyValue } from '../store/key-value.ts'

/** Names the process whose store this is. */
export const INCARNATION = named(TABLE.node, 'incarnation')

/** A store as one process has it. */
export interface Fenced extends KeyValue {
  /** Whether this process still owns the store; exact, as it waits for whoever is writing. @throws HF_DATADIR_TAKEN */
  mustOwn(): void
}

/**
 * Gives a store to one process: its first transaction takes the store over, and every later one checks that nobody
 * else has done so since. Whoever was stopped, and goes on after another has taken over, changes nothing any more.
 */
export function fenced(store: KeyValue, seal: Seal, incarnation: string): Fenced {
  const { value: mine } = seal.close(
    (row) => row.raw(INCARNATION),
    (payload) => payload.text(incarnation),
  )
  let entered = false
  const own: Fenced = {
    ...store,
    transaction(fn) {
      const result = store.transaction((writer) => {
        if (entered && store.get(INCARNATION)?.equals(mine) !== true) throw taken()
        const value = fn(writer)
        if (!entered) writer.put(INCARNATION, mine)
        return value
      })
      entered = true
      return result
    },
    // Reading alone could see what was there before this process was stopped.
    mustOwn: () => own.transaction(() => undefined),
  }
  return own
}

function taken(): HoldfastError {
  return new HoldfastError(
    'HF_DATADIR_TAKEN',
    'another process has taken over this data folder; this one must end',
  )
}
