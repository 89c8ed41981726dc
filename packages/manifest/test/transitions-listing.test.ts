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
  testNode,
  undo,
  update,
} from './support.ts'

describe('the transition table: a file that is listed', () => {
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

  it('[M-23] row 3: nothing fits below a file that has taken the name of a folder, however often it was used', async () => {
    const { outcome, manifest } = await testNode()
    for (const [index, name] of ['x', 'y', 'z'].entries()) {
      expect(await outcome(register(`a/b/${name}`, { key: `a/b/${name}1` }))).toBe('done')
      expect(await outcome(condemn(`a/b/${name}1`, 2 * index + 1))).toBe('done')
    }
    expect(await outcome(register('a/b', { key: 'a/b1' }))).toBe('done')
    expect(await outcome(register('a/b/w', { key: 'a/b/w1' }))).toBe('conflict')
    expect(manifest.check()).toEqual([])
  })

  it('[M-23] row 3: nothing fits below an unlisted key that has the name of a folder, or had one', async () => {
    const { outcome, manifest } = await testNode()
    for (const name of ['x', 'y', 'z']) await outcome(register(`a/b/${name}`))
    expect(await outcome(condemnUnlisted('a/b'))).toBe('done')
    expect(await outcome(register('a/b/w'))).toBe('conflict')
    expect(manifest.check()).toEqual([])
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

  it('[M-02] row 4: what an adopted entry lacks is completed by the one who wrote the file', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a/x', { adopted: true, namespace: 'seen' }))
    expect(await outcome(register('a/x', { namespace: 'ns' }))).toBe('same')
    expect(await outcome(register('a/x', { maxTime: 9, rows: 2, size: 4 }))).toBe('exists')
    expect(await outcome(register('a/x', { maxTime: 9, rows: 2 }))).toBe('done')
    expect(manifest.entry(path('a/x'))).toEqual({
      ...newEntry('a/x', { maxTime: 9, rows: 2 }),
      generation: 2,
    })
    expect(manifest.entriesByAge({ namespace: 'ns', before: 10 }).items).toHaveLength(1)
    expect(manifest.namespaces().items.map(({ namespace }) => namespace)).toEqual(['ns'])
    expect(await outcome(register('a/x', { version: 'v' }))).toBe('same')
    expect(manifest.check()).toEqual([])
  })

  it('[M-18] row 7: an update on the generation: fields changed and removed, a new generation', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a/x', { key: 'a/x1', maxTime: 5, rows: 1, version: 'v1', metadata: { a: 'b' } }))
    const changes = {
      namespace: 'other',
      minTime: -3,
      maxTime: 7,
      timesFrom: 'caller',
      rows: null,
      version: null,
      changedAt: 4,
      metadata: { c: 'd' },
    } as const
    expect(await outcome(update('a/x1', 1, changes))).toBe('done')
    expect(manifest.entry(path('a/x'))).toEqual({
      ...newEntry('a/x', { key: 'a/x1', namespace: 'other', minTime: -3, maxTime: 7, timesFrom: 'caller' }),
      changedAt: 4,
      metadata: { c: 'd' },
      generation: 2,
    })
    expect(manifest.entriesByAge({ namespace: 'other', before: 8 }).items).toHaveLength(1)
    expect(await outcome(update('a/x1', 2, { maxTime: null, minTime: null, metadata: null }))).toBe('done')
    expect(manifest.entriesByAge({ namespace: 'other', before: 8 }).items).toEqual([])
    expect(manifest.check()).toEqual([])
  })

  it('[M-18] row 8: an update on another generation: changed; of what is not listed: absent', async () => {
    const { outcome } = await testNode()
    expect(await outcome(update('a/x', 1, { rows: 1 }))).toBe('absent')
    await outcome(register('a/x'))
    expect(await outcome(update('a/x', 2, { rows: 1 }))).toBe('changed')
    await outcome(condemn('a/x', 1))
    expect(await outcome(update('a/x', 1, { rows: 1 }))).toBe('absent')
  })
})
