import { type FilePath, parseKey, type StorageKey } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { type Deletion, deletionsBehind, putDeletion } from '../src/consumers/deletion-rows.ts'
import { EraseQueue } from '../src/erase/queue.ts'
import { createSeal } from '../src/format/seal.ts'
import { join } from '../src/install/join.ts'
import { openMemory } from '../src/store/memory.ts'
import { batchOf, stateOver } from './open-state.ts'
import { register } from './support.ts'

describe('two installs at one record', () => {
  it('[K-09] what the first has left to be delivered is not taken for what the second finds', async () => {
    const seal = await createSeal()
    const [old, next] = [stateOver(openMemory(), seal), stateOver(openMemory(), seal)]
    old.apply([batchOf([register('vanished')])])
    const position = { term: 1, index: 1 }
    const join1 = {
      old: old.state,
      next: next.state,
      position,
      deliver: true,
      isOurs: () => true,
      oneStore: true,
    }
    const earlier: Deletion = {
      key: parseKey('earlier'),
      path: 'earlier' as FilePath,
      reason: 'deleted',
      position,
    }
    old.state.rows.transaction(() => putDeletion(old.state.rows, 1 << 24, earlier))
    await join({ ...join1, oldQueue: new EraseQueue(old.state.rows) })
    // As an install brings them over.
    next.state.rows.transaction(() => putDeletion(next.state.rows, 1 << 24, earlier))
    const keys: StorageKey[] = deletionsBehind(next.state.rows, 0, 0, 10).map(({ key }) => key)
    expect(keys).toEqual(['earlier', 'vanished'])
  })
})
