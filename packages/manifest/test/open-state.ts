import type { Op } from '@holdfast/core'
import { ByteReader, ByteWriter } from '../src/format/bytes.ts'
import { type RecordedBatch, readBatch, recordBatch } from '../src/format/record.ts'
import { createSeal, type Seal } from '../src/format/seal.ts'
import { type Applied, applyBatch } from '../src/state/apply.ts'
import { checkState } from '../src/state/check.ts'
import type { DoomedFile, LocalEffects } from '../src/state/ops.ts'
import { State } from '../src/state/state.ts'
import type { KeyValue } from '../src/store/key-value.ts'

/** The state machine alone over a store: what apply does with a record, and what it tells its node. */
export interface OpenState {
  readonly state: State
  readonly store: KeyValue
  readonly seal: Seal
  readonly local: LocalEffects
  /** Files that were doomed or dropped, as told. */
  readonly deleted: DoomedFile[]
  /** Keys whose bytes this node has to delete. */
  readonly erasing: Set<string>
  /** Applies one record, as one who reads it from the log, or as the one who has written it. */
  apply(batches: readonly RecordedBatch[], time?: number, as?: 'reader' | 'writer'): Applied[]
  check(): readonly string[]
}

export async function openState(store: KeyValue, remembered?: number): Promise<OpenState> {
  return stateOver(store, await createSeal(), undefined, remembered)
}

/** `before`: the one that is opened anew; what its node was told is not forgotten. */
export function stateOver(store: KeyValue, seal: Seal, before?: OpenState, remembered?: number): OpenState {
  const state = new State(store, seal, remembered)
  const { deleted = [], erasing = new Set() }: Partial<OpenState> = before ?? {}
  const local: LocalEffects = {
    settled: () => undefined,
    mustErase: (key) => {
      erasing.add(key)
      state.rows.onUndo(() => erasing.delete(key))
    },
    deleted: (_, file) => {
      deleted.push(file)
      state.rows.onUndo(() => deleted.pop())
    },
    erased: (key) => {
      if (erasing.delete(key)) state.rows.onUndo(() => erasing.add(key))
    },
    diverged: () => undefined,
  }
  const scratch = new ByteWriter()
  const throughLog = (batch: RecordedBatch, as: 'reader' | 'writer') => {
    const recorded = recordBatch(scratch, batch, batch.id)
    return as === 'writer' ? recorded.batch : readBatch(new ByteReader(recorded.bytes))
  }
  return {
    state,
    store,
    seal,
    local,
    deleted,
    erasing,
    apply: (batches, time = 0, as = 'reader') =>
      state.rows.transaction(() => {
        const position = { term: 1, index: state.head.index + 1 }
        const now = Math.max(time, state.head.time)
        const applied = batches.map((batch) =>
          applyBatch(state, throughLog(batch, as), { position, time: now, local }),
        )
        Object.assign(state.head, { ...position, time: now })
        state.flush()
        return applied
      }),
    check: () => checkState(state, store, seal),
  }
}

let made = 0

/** A batch with an id of its own. */
export function batchOf(ops: readonly Op[], fields: Partial<RecordedBatch> = {}): RecordedBatch {
  return { id: `01ARZ3NDEKTSV4RRFF${String(made++).padStart(8, '0')}`, ops, strict: false, ...fields }
}
