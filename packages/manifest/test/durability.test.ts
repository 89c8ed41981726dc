import { describe, expect, it } from 'vitest'
import { openLmdb } from '../src/store/lmdb.ts'
import { batchOf, openState, stateOver } from './open-state.ts'
import {
  condemn,
  doom,
  erased,
  hold,
  newEntry,
  register,
  replace,
  tempFolder,
  testNode,
  undoReplacement,
  update,
} from './support.ts'

describe('what is committed', () => {
  it('[M-04] is there after a restart, to the last row', async () => {
    const first = await testNode()
    await first.commit(
      register('a/x', { maxTime: 1 }),
      register('a/y'),
      register('b/z', { namespace: 'other' }),
    )
    await first.commit(condemn('a/y', 2, { delay: 1000 }), condemn('b/z', 3, { delay: 60_000 }))
    const [head, digest, condemned] = [
      first.manifest.head(),
      first.manifest.contentDigest(),
      first.manifest.condemned(),
    ]
    const second = await first.restart()
    expect(second.manifest.head()).toEqual(head)
    expect(second.manifest.contentDigest()).toBe(digest)
    expect(second.manifest.condemned()).toEqual(condemned)
  })

  it('[M-04] a batch that was answered before is known after a restart', async () => {
    const first = await testNode()
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    await first.manifest.commit({ id, ops: [register('a/x')] })
    const second = await first.restart()
    expect(await second.manifest.commit({ id, ops: [register('a/x')] })).toMatchObject({ status: 'repeated' })
  })

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

  it('[M-11] the queue survives a restart', async () => {
    const first = await testNode({ plugins: [] })
    await first.commit(register('a/x'))
    await first.commit(condemn('a/x', 1, { delay: 60_000 }))
    const second = await first.restart()
    second.clock.setWall(second.clock.now() + 60_000)
    expect(await second.outcome(doom('a/x'))).toBe('done')
    expect(second.eraser.queue().map(({ key }) => key)).toEqual(['a/x'])
  })
})
