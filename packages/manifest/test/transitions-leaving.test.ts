import { describe, expect, it } from 'vitest'
import {
  condemn,
  condemnUnlisted,
  doom,
  erased,
  forget,
  key,
  newEntry,
  path,
  register,
  T0,
  testNode,
} from './support.ts'

describe('the transition table: a file on its way out', () => {
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

  it('[C-27] rows 11 and 30: a file without bytes: condemned as missing, then gone without a delete', async () => {
    const { outcome, manifest, commit, eraser } = await testNode()
    await outcome(register('a/x'))
    expect(await outcome(condemn('a/x', 1, { erase: false, delay: 1000 }))).toBe('done')
    expect(manifest.key(key('a/x'))).toMatchObject({
      state: 'condemned',
      as: 'missing',
      notBefore: T0 + 1000,
    })
    expect(await outcome(doom('a/x'))).toBe('early')
    expect(await outcome(condemn('a/x', 2, { delay: 0 }))).toBe('done')
    await commit({ ...doom('a/x'), keep: 7000 })
    expect(manifest.key(key('a/x'))).toMatchObject({ state: 'gone', as: 'missing', until: T0 + 7000 })
    expect(eraser.queue()).toEqual([])
    expect(manifest.check()).toEqual([])
  })

  it('[C-27] row 30: a dropped key stays retired for 30 days unless its doom says otherwise', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a/x'))
    await outcome(condemn('a/x', 1, { erase: false }))
    await outcome(doom('a/x'))
    expect(manifest.key(key('a/x'))).toMatchObject({ until: T0 + 30 * 86_400_000 })
  })

  it('[M-18] row 35: an erase that nobody was permitted closes the gate', async () => {
    const { outcome, node, manifest } = await testNode()
    await outcome(register('a/x'))
    expect(await outcome(erased('a/nobody'))).toBe('absent')
    const judged = async () => {
      const run = node.eraser.drain()
      return run.then(
        () => 'allowed',
        (error: { context?: { reason?: string } }) => error.context?.reason,
      )
    }
    await outcome(condemn('a/x', 1))
    expect(await judged()).toBe('not_authorised')
    expect(await outcome(erased('a/x'))).toBe('absent')
    expect(await judged()).toBe('state_diverged')
    expect(manifest.key(key('a/x'))?.state).toBe('condemned')
  })

  it('[M-14] row 36: a tombstone is forgotten when its time is over, not before; then its key is unknown', async () => {
    const { outcome, manifest, clock } = await testNode()
    expect(await outcome(forget('a/x'))).toBe('absent')
    await outcome(register('a/x'))
    expect(await outcome(forget('a/x'))).toBe('absent')
    await outcome(condemn('a/x', 1))
    await outcome(doom('a/x'))
    expect(await outcome(forget('a/x'))).toBe('absent')
    await outcome(erased('a/x', 5000))
    clock.setWall(T0 + 4999)
    expect(await outcome(forget('a/x'))).toBe('early')
    clock.setWall(T0 + 5000)
    expect(await outcome(forget('a/x'))).toBe('done')
    expect(manifest.key(key('a/x'))).toBeUndefined()
    expect(manifest.check()).toEqual([])
    expect(await outcome(register('a/x'))).toBe('done')
  })
})
