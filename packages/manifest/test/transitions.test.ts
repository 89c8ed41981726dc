import { describe, expect, it } from 'vitest'
import {
  condemn,
  condemnUnlisted,
  doom,
  erased,
  key,
  newEntry,
  path,
  register,
  T0,
  testNode,
  undo,
} from './support.ts'

/** One test a row of the transition table, by its number. */
describe('the transition table', () => {
  it('[M-18] row 1: an unknown key and a free path: live, with a new generation', async () => {
    const { outcome, manifest } = await testNode()
    expect(await outcome(register('a/x'))).toBe('done')
    expect(manifest.key(key('a/x'))).toEqual({ state: 'live', path: 'a/x' })
    expect(manifest.entry(path('a/x'))).toEqual({ ...newEntry('a/x'), generation: 1 })
  })

  it('[M-02] row 2: a path that is live with another key: exists', async () => {
    const { outcome } = await testNode()
    await outcome(register('a/x', { key: 'a/x1' }))
    expect(await outcome(register('a/x', { key: 'a/x2' }))).toBe('exists')
  })

  it.each([
    ['a', 'a/b', 'the new path below a file'],
    ['a/b', 'a', 'the new path above a file'],
    ['a/b/c', 'a', 'the new path far above a file'],
    ['a', 'a/b/c', 'the new path far below a file'],
  ])('[M-23] row 3: %s and then %s: conflict (%s)', async (first, second) => {
    const { outcome } = await testNode()
    await outcome(register(first, { key: `${first}1` }))
    expect(await outcome(register(second, { key: `${second}2` }))).toBe('conflict')
  })

  it('[M-23] row 3: keys conflict as paths do, as long as the other one is not gone', async () => {
    const { outcome } = await testNode()
    await outcome(register('d/k/x', { key: 'd/k/x' }))
    expect(await outcome(register('d/other', { key: 'd/k' }))).toBe('conflict')
    await outcome(condemn('d/k/x', 1))
    expect(await outcome(register('d/other', { key: 'd/k' }))).toBe('conflict')
    await outcome(doom('d/k/x'))
    expect(await outcome(register('d/other', { key: 'd/k' }))).toBe('conflict')
    await outcome(erased('d/k/x'))
    expect(await outcome(register('d/other', { key: 'd/k' }))).toBe('done')
    expect(await outcome(register('d/k/y'))).toBe('conflict')
  })

  it('[M-23] row 3: a path is free again when what lay below it is condemned', async () => {
    const { outcome } = await testNode()
    await outcome(register('a/b', { key: 'a/b1' }))
    await outcome(condemn('a/b1', 1))
    expect(await outcome(register('a', { key: 'a1' }))).toBe('done')
    expect(await outcome(register('a/c', { key: 'a/c1' }))).toBe('conflict')
    expect(await outcome(undo('a/b1'))).toBe('conflict')
  })

  it('[M-02] row 4: the same path, key, size and checksum: same, without a record', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a/x'))
    const before = manifest.head()
    expect(await outcome(register('a/x'))).toBe('same')
    expect(manifest.head()).toEqual(before)
  })

  it('[M-02] row 5: the same path and key with other bytes: exists', async () => {
    const { outcome } = await testNode()
    await outcome(register('a/x'))
    expect(await outcome(register('a/x', { size: 4 }))).toBe('exists')
    expect(await outcome(register('a/x', { checksum: 'sha256:00' }))).toBe('exists')
  })

  it('[M-14] row 6: a key is used once: retired, whatever became of it', async () => {
    const { commit, outcome } = await testNode()
    const again = async () => (await commit(register('a/other', { key: 'a/k' }))).outcomes[0]
    await outcome(register('a/x', { key: 'a/k' }))
    expect(await again()).toEqual({ status: 'skipped', reason: 'retired', state: 'live' })
    await outcome(condemn('a/k', 1))
    expect(await again()).toEqual({ status: 'skipped', reason: 'retired', state: 'condemned' })
    await outcome(doom('a/k'))
    expect(await again()).toEqual({ status: 'skipped', reason: 'retired', state: 'doomed' })
    await outcome(erased('a/k'))
    expect(await again()).toEqual({ status: 'skipped', reason: 'retired', state: 'gone' })
  })

  it('[M-18] row 8: a condemn on another generation: changed', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a/x'))
    expect(await outcome(condemn('a/x', 2))).toBe('changed')
    expect(await outcome(condemn('a/x'))).toBe('changed')
    expect(await outcome(condemn('a/unknown', 1))).toBe('absent')
    expect(manifest.key(key('a/x'))?.state).toBe('live')
  })

  it('[M-11] row 9: a live key on its generation: condemned, with the whole entry, and the path is free', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a/x', { key: 'a/x1', maxTime: 5, rows: 7 }))
    expect(await outcome(condemn('a/x1', 1, { delay: 1000, run: 'run-1' }))).toBe('done')
    expect(manifest.key(key('a/x1'))).toMatchObject({
      state: 'condemned',
      as: 'plain',
      notBefore: T0 + 1000,
      reason: 'test',
      run: 'run-1',
      generation: 2,
      entry: { ...newEntry('a/x', { key: 'a/x1', maxTime: 5, rows: 7 }), generation: 1 },
    })
    expect(manifest.entry(path('a/x'))).toBeUndefined()
    expect(await outcome(register('a/x', { key: 'a/x2' }))).toBe('done')
  })

  it('[M-11] row 12: a condemned key: its time moves, on its generation only', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a/x'))
    await outcome(condemn('a/x', 1, { delay: 1000 }))
    expect(await outcome(condemn('a/x', 1, { delay: 0 }))).toBe('changed')
    expect(await outcome(condemn('a/x'))).toBe('absent')
    expect(await outcome(condemn('a/x', 2, { delay: 5000 }))).toBe('done')
    expect(manifest.key(key('a/x'))).toMatchObject({ notBefore: T0 + 5000, generation: 3, reason: 'test' })
    expect(await outcome(doom('a/x'))).toBe('early')
    expect(await outcome(condemn('a/x', 3, { delay: 0 }))).toBe('done')
    expect(await outcome(doom('a/x'))).toBe('done')
  })

  it('[M-11] row 13: a doomed or gone key: absent', async () => {
    const { outcome } = await testNode()
    await outcome(register('a/x'))
    await outcome(condemn('a/x', 1))
    await outcome(doom('a/x'))
    expect(await outcome(condemn('a/x', 3))).toBe('absent')
    await outcome(erased('a/x'))
    expect(await outcome(condemn('a/x', 4))).toBe('absent')
  })

  it('[M-18] rows 14 and 15: an unlisted key: an orphan; one that is listed or known: left alone', async () => {
    const { outcome, manifest } = await testNode()
    expect(
      await outcome(condemnUnlisted('a/stray', { unlisted: { storeId: 's', size: 3, version: 'v' } })),
    ).toBe('done')
    expect(manifest.key(key('a/stray'))).toMatchObject({ state: 'condemned', as: 'orphan', generation: 1 })
    expect(await outcome(condemnUnlisted('a/stray'))).toBe('known')
    await outcome(register('a/x'))
    expect(await outcome(condemnUnlisted('a/x'))).toBe('listed')
    expect(manifest.key(key('a/x'))?.state).toBe('live')
  })

  it('[M-13] row 16: undo of a condemned key: live again, as it was, with a new generation', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a/x', { maxTime: 9 }))
    await outcome(condemn('a/x', 1, { delay: 1000 }))
    expect(await outcome(undo('a/x'))).toBe('done')
    expect(manifest.entry(path('a/x'))).toEqual({ ...newEntry('a/x', { maxTime: 9 }), generation: 3 })
    expect(manifest.entriesByAge({ namespace: 'ns', before: 10 }).items).toHaveLength(1)
    expect(manifest.condemned().items).toEqual([])
  })

  it('[M-13] row 17: undo onto a taken path: exists', async () => {
    const { outcome } = await testNode()
    await outcome(register('a/x', { key: 'a/x1' }))
    await outcome(condemn('a/x1', 1))
    await outcome(register('a/x', { key: 'a/x2' }))
    expect(await outcome(undo('a/x1'))).toBe('exists')
  })

  it('[M-13] row 23: undo of a live key: same; of a doomed one: doomed; of a gone or unknown one: absent', async () => {
    const { outcome } = await testNode()
    expect(await outcome(undo('a/x'))).toBe('absent')
    await outcome(register('a/x'))
    expect(await outcome(undo('a/x'))).toBe('same')
    await outcome(condemn('a/x', 1))
    await outcome(doom('a/x'))
    expect(await outcome(undo('a/x'))).toBe('doomed')
    await outcome(erased('a/x'))
    expect(await outcome(undo('a/x'))).toBe('absent')
  })

  it('[M-18] an orphan does not come back by a plain undo', async () => {
    const { outcome } = await testNode()
    await outcome(condemnUnlisted('a/stray'))
    expect(await outcome(undo('a/stray'))).toBe('absent')
  })

  it('[M-11] rows 28 and 29: doom when the time has come, not before', async () => {
    const { outcome, clock, manifest } = await testNode()
    await outcome(register('a/x'))
    await outcome(condemn('a/x', 1, { delay: 1000 }))
    expect(await outcome(doom('a/x'))).toBe('early')
    clock.setWall(T0 + 999)
    expect(await outcome(doom('a/x'))).toBe('early')
    clock.setWall(T0 + 1000)
    expect(await outcome(doom('a/x'))).toBe('done')
    expect(manifest.key(key('a/x'))).toMatchObject({ state: 'doomed' })
  })

  it('[M-11] row 31: doom of a doomed or gone key: same; of a live or unknown one: absent', async () => {
    const { outcome } = await testNode()
    await outcome(register('a/x'))
    expect(await outcome(doom('a/x'))).toBe('absent')
    expect(await outcome(doom('a/nobody'))).toBe('absent')
    await outcome(condemn('a/x', 1))
    await outcome(doom('a/x'))
    expect(await outcome(doom('a/x'))).toBe('same')
    await outcome(erased('a/x'))
    expect(await outcome(doom('a/x'))).toBe('same')
  })

  it('[M-11] rows 34 and 35: erased of a doomed key: a tombstone; of a gone one: same; else absent', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a/x'))
    expect(await outcome(erased('a/x'))).toBe('absent')
    expect(await outcome(erased('a/nobody'))).toBe('absent')
    await outcome(condemn('a/x', 1))
    expect(await outcome(erased('a/x'))).toBe('absent')
    await outcome(doom('a/x'))
    expect(await outcome(erased('a/x', 5000))).toBe('done')
    expect(manifest.key(key('a/x'))).toMatchObject({ state: 'gone', until: T0 + 5000 })
    expect(await outcome(erased('a/x'))).toBe('same')
  })

  it('[M-16] row 40: a repeated id: the first outcomes again, nothing applied', async () => {
    const { manifest } = await testNode()
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    const ops = [register('a/x'), condemn('a/nobody', 1)]
    const first = await manifest.commit({ id, ops })
    const head = manifest.head()
    expect(await manifest.commit({ id, ops: [register('a/y')] })).toEqual({ ...first, status: 'repeated' })
    expect(manifest.head()).toEqual(head)
  })

  it('[M-16] row 40: a repeated id that arrives with the first in one group is dropped by apply', async () => {
    const { manifest } = await testNode()
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    const [one, two] = await Promise.all([
      manifest.commit({ id, ops: [register('a/x')] }),
      manifest.commit({ id, ops: [register('a/y')] }),
    ])
    expect(two.outcomes).toEqual(one.outcomes)
    expect(manifest.entry(path('a/y'))).toBeUndefined()
  })

  it('[M-18] row 40: a strict batch with a skipped op: rejected, nothing applied', async () => {
    const { manifest } = await testNode()
    await manifest.commit({ ops: [register('a/x', { maxTime: 3 })] })
    const digest = manifest.contentDigest()
    const { generation } = manifest.head()
    const ops = [
      register('b/new/y', { namespace: 'other', maxTime: 1 }),
      condemn('a/x', 1),
      condemn('a/nobody', 1),
    ]
    expect(await manifest.commit({ ops, strict: true })).toMatchObject({
      status: 'rejected',
      reason: 'strict',
      outcomes: [{ status: 'done' }, { status: 'done' }, { reason: 'absent' }],
    })
    expect(manifest.contentDigest()).toBe(digest)
    expect(manifest.head().generation).toBe(generation)
    expect(manifest.namespaces().items).toEqual([
      { namespace: 'ns', files: 1, bytes: 3, rows: 0, timedFiles: 1, oldest: 3 },
    ])
    expect(manifest.key(key('b/new/y'))).toBeUndefined()
    expect(await manifest.commit({ ops: [register('b/new')] })).toMatchObject({
      outcomes: [{ status: 'done' }],
    })
  })

  it('[M-23] what a strict batch saw before it was taken back is not believed afterwards', async () => {
    const { manifest, outcome } = await testNode()
    await outcome(register('a', { key: 'a1' }))
    const ops = [condemn('a1', 1), register('a/b', { key: 'a/b1' }), condemn('nobody', 1)]
    expect(await manifest.commit({ ops, strict: true })).toMatchObject({ reason: 'strict' })
    expect(await outcome(register('a/c', { key: 'a/c1' }))).toBe('conflict')
  })

  it('[M-18] a batch under the epoch of another tenure is rejected whole', async () => {
    const { manifest } = await testNode()
    const fence = { role: 'standalone', epoch: 7 }
    expect(await manifest.commit({ ops: [register('a/x')], fence })).toMatchObject({
      status: 'rejected',
      reason: 'fenced',
    })
    expect(manifest.entry(path('a/x'))).toBeUndefined()
  })
})
