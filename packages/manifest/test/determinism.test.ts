import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EmbeddedLog } from '../src/commit/log.ts'
import { createSeal } from '../src/format/seal.ts'
import { applyBatch } from '../src/state/apply.ts'
import { State } from '../src/state/state.ts'
import { openLmdb } from '../src/store/lmdb.ts'
import { openMemory } from '../src/store/memory.ts'
import { batchOf, openState, stateOver } from './open-state.ts'
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
  tempFolder,
  testNode,
  undo,
  undoReplacement,
  update,
} from './support.ts'

describe('apply', () => {
  it('[M-04] a record and the position behind it are there together, and a record that comes again changes nothing', async () => {
    const store = openLmdb(tempFolder())
    const open = await openState(store)
    const batches = [
      batchOf([register('a'), register('b', { maxTime: 5 }), register('c')]),
      batchOf([condemn('a', 1), update('b', 2, { namespace: 'other' })]),
      batchOf([register('d'), register('c', { size: 99 })], { strict: true }),
      batchOf([replace({ b: 5 }, [newEntry('b', { key: 'b2' })]), doom('a'), hold('h', { path: 'c' })]),
      batchOf([erased('a', 0), undoReplacement(6)]),
    ]
    const first = batches.map((batch) => {
      const applied = open.apply([batch])
      expect(stateOver(store, open.seal).state.head).toEqual(open.state.head)
      return applied
    })
    const { digest, generation } = open.state.head
    const again = batches.map((batch) => open.apply([batch]))
    expect(again).toEqual(first.map(([one]) => [{ ...one, repeated: true }]))
    expect(open.state.head).toMatchObject({ digest, generation })
    expect(open.check()).toEqual([])
    await store.close()
  })

  it('[M-17] makes the same state of the same records on any node, over memory as over LMDB', async () => {
    const test = await testNode()
    await test.commit(register('a/x', { key: 'a/x1', maxTime: 5 }), register('a/y'), register('b/z'))
    await test.commit(
      update('a/y', 2, { rows: 4, maxTime: 9 }),
      hold('h', { namespace: 'm' }),
      condemnUnlisted('s'),
    )
    await test.commit(replace({ 'a/x1': 1 }, [newEntry('a/x', { key: 'a/x2' })]), condemn('b/z', 3))
    await test.commit(doom('b/z'), doom('s'), { type: 'role', name: 'r', holder: 'n', epoch: 1 })
    await test.commit(erased('b/z', 0), undoReplacement(7), release('h'), undo('nobody'))
    await test.manifest.commit({ ops: [register('c'), condemn('nobody', 1)], strict: true })
    await test.clock.advance(10)
    await test.commit(forget('b/z'), { type: 'set', name: 's', value: { a: 1 } })
    const head = test.manifest.head()
    expect(test.manifest.check()).toEqual([])
    await test.node.stop()

    const seal = await createSeal()
    const stored = openLmdb(join(test.dataDir, 'manifest'))
    const log = new EmbeddedLog(new State(stored, seal).rows, seal)
    const { state, check, local } = await openState(openMemory())
    for (let index = 1; index <= head.position.index; index++) {
      const { position, record } = log.record(index)!
      const { time, batches } = record
      state.rows.transaction(() => {
        for (const batch of batches) applyBatch(state, batch, { position, time, local })
        Object.assign(state.head, { ...position, time })
        state.flush()
      })
    }
    await stored.close()
    expect(state.head.digest.toString(16).padStart(16, '0')).toBe(head.digest)
    expect(state.head.generation).toBe(head.generation)
    expect(check()).toEqual([])
  })

  it('[M-17] does not judge again what the proposer has let through', async () => {
    const { apply, check } = await openState(openMemory())
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    // Rules of names, sizes and batches belong to the proposer of this version; a record may come from another one.
    const entry = { ...newEntry('a/x'), path: 'a//x' as never, key: 'a:x' as never }
    const ops = [{ type: 'register', entry } as const, { type: 'register', entry } as const]
    expect(apply([{ id, ops, strict: false }])[0]?.outcomes).toEqual([{ status: 'done' }, { status: 'same' }])
    expect(check()).toEqual([])
  })
})
