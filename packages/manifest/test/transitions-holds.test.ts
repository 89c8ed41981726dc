import type { HoldScope } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import {
  condemn,
  condemnUnlisted,
  doom,
  hold,
  newEntry,
  path,
  register,
  release,
  replace,
  T0,
  testNode,
  undo,
} from './support.ts'

const SCOPES: [string, HoldScope][] = [
  ['path', { path: 'a/b/x' }],
  ['folder', { folder: 'a' }],
  ['inner folder', { folder: 'a/b' }],
  ['key', { key: 'a/b/x1' }],
  ['namespace', { namespace: 'ns' }],
  ['run', { run: 'run-1' }],
]
const FAR: [string, HoldScope][] = [
  ['path', { path: 'a/b' }],
  ['folder whose name only begins like it', { folder: 'a/b/x' }],
  ['key', { key: 'a/b/x' }],
  ['namespace', { namespace: 'n' }],
  ['run', { run: 'run-2' }],
]

describe('the transition table: holds', () => {
  it.each(SCOPES)(
    '[M-12] rows 10, 25 and 29: a hold by %s keeps from condemn, replace and doom',
    async (_, scope) => {
      const { outcome, manifest } = await testNode()
      await outcome(register('a/b/x', { key: 'a/b/x1' }))
      expect(await outcome(hold('h', scope))).toBe('done')
      expect(await outcome(condemn('a/b/x1', 1, { run: 'run-1' }))).toBe('held')
      const over = replace({ 'a/b/x1': 1 }, [newEntry('a/b/x', { key: 'a/b/x2' })], { run: 'run-1' })
      expect(await outcome(over)).toBe('held')
      await outcome(release('h'))
      await outcome(condemn('a/b/x1', 1, { run: 'run-1' }))
      expect(await outcome(hold('h', scope))).toBe('done')
      expect(await outcome(doom('a/b/x1'))).toBe('held')
      expect(await outcome(release('h'))).toBe('done')
      expect(await outcome(doom('a/b/x1'))).toBe('done')
      expect(manifest.check()).toEqual([])
    },
  )

  it('[M-12] rows 26 and 27: a rule is set and taken away on the one that was seen, or not at all', async () => {
    const { outcome, manifest } = await testNode()
    const rule = { scope: { folder: 'a' }, owner: 'test' }
    const others = [
      null,
      { ...rule, scope: { folder: 'b' } },
      { ...rule, scope: { path: 'a' } },
      { ...rule, owner: 'other' },
      { ...rule, expiresAt: T0 + 1000 },
    ]
    for (const current of others.slice(1))
      expect(await outcome(hold('h', { folder: 'c' }, { current }))).toBe('changed')
    expect(await outcome(hold('h', rule.scope, { current: null }))).toBe('done')
    for (const current of others) {
      expect(await outcome(hold('h', { folder: 'c' }, { current }))).toBe('changed')
      expect(await outcome(release('h', { current }))).toBe('changed')
    }
    expect(manifest.holds.list()).toEqual([{ id: 'h', ...rule }])
    expect(await outcome(hold('h', { folder: 'c' }, { current: rule }))).toBe('done')
    expect(await outcome(release('h', { current: rule }))).toBe('changed')
    expect(await outcome(release('h', { current: { ...rule, scope: { folder: 'c' } } }))).toBe('done')
    expect(await outcome(release('h', { current: rule }))).toBe('same')
    expect(manifest.check()).toEqual([])
  })

  it.each(FAR)('[M-12] row 10: a hold by another %s keeps nothing of this', async (_, scope) => {
    const { outcome } = await testNode()
    await outcome(hold('h', scope))
    await outcome(register('a/b/x', { key: 'a/b/x1' }))
    expect(await outcome(condemn('a/b/x1', 2, { run: 'run-1' }))).toBe('done')
  })

  it('[M-12] row 26: a folder is held by whole segments', async () => {
    const { outcome } = await testNode()
    await outcome(hold('h', { folder: 'a/b' }))
    await outcome(register('a/bc/x'))
    await outcome(register('a/b/x'))
    expect(await outcome(condemn('a/bc/x', 2))).toBe('done')
    expect(await outcome(condemn('a/b/x', 3))).toBe('held')
  })

  it('[M-12] row 26: a hold covers what comes later, and outlives a restart', async () => {
    const first = await testNode()
    await first.outcome(hold('h', { namespace: 'ns' }))
    const { outcome, manifest } = await first.restart()
    await outcome(register('later'))
    expect(await outcome(condemn('later', 2))).toBe('held')
    expect(manifest.holds.list()).toEqual([{ id: 'h', scope: { namespace: 'ns' }, owner: 'test' }])
  })

  it('[M-12] row 26: the same id replaces the rule', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a'))
    await outcome(hold('h', { path: 'a' }))
    expect(await outcome(hold('h', { path: 'b' }, { owner: 'other' }))).toBe('done')
    expect(manifest.holds.list()).toEqual([{ id: 'h', scope: { path: 'b' }, owner: 'other' }])
    expect(await outcome(condemn('a', 1))).toBe('done')
    expect(manifest.check()).toEqual([])
  })

  it('[M-12] a hold ends when its time has come, to the millisecond', async () => {
    const { outcome, clock } = await testNode()
    await outcome(register('a'))
    await outcome(hold('h', { path: 'a' }, { expiresAt: T0 + 1000 }))
    clock.setWall(T0 + 999)
    expect(await outcome(condemn('a', 1))).toBe('held')
    clock.setWall(T0 + 1000)
    expect(await outcome(condemn('a', 1))).toBe('done')
  })

  it('[M-12] row 12: what is held may be postponed, not purged', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a'))
    await outcome(condemn('a', 1, { delay: 1000 }))
    await outcome(hold('h', { path: 'a' }))
    expect(await outcome(condemn('a', 2, { delay: 999 }))).toBe('held')
    expect(await outcome(condemn('a', 2, { delay: 5000 }))).toBe('done')
    expect(manifest.check()).toEqual([])
  })

  it('[M-12] row 14: an orphan is held by its key as a path, and by the run that condemns it', async () => {
    const { outcome } = await testNode()
    await outcome(hold('h', { folder: 'a' }))
    expect(await outcome(condemnUnlisted('a/stray'))).toBe('held')
    await outcome(release('h'))
    await outcome(hold('h', { path: 'a/stray' }))
    expect(await outcome(condemnUnlisted('a/stray'))).toBe('held')
    await outcome(release('h'))
    expect(await outcome(condemnUnlisted('a/stray'))).toBe('done')
    await outcome(hold('h', { path: 'a/stray' }))
    expect(await outcome(doom('a/stray'))).toBe('held')
  })

  it('[M-12] a hold does not undo, and does not keep from being undone', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a'))
    await outcome(condemn('a', 1, { delay: 1000 }))
    await outcome(hold('h', { path: 'a' }))
    expect(manifest.entry(path('a'))).toBeUndefined()
    expect(await outcome(undo('a'))).toBe('done')
  })

  it('[M-13] row 26: a hold of one file that is doomed: refused', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a', { key: 'a1' }))
    await outcome(condemn('a1', 1))
    await outcome(doom('a1'))
    expect(await outcome(hold('h', { path: 'a' }))).toBe('doomed')
    expect(await outcome(hold('h', { key: 'a1' }))).toBe('doomed')
    expect(manifest.holds.list()).toEqual([])
  })

  it.each<[string, HoldScope, number]>([
    ['path with another key that is listed', { path: 'a' }, 1],
    ['folder', { folder: 'd' }, 2],
    ['namespace', { namespace: 'ns' }, 3],
    ['run', { run: 'run-1' }, 1],
  ])('[M-13] row 26: a hold of a %s says how many files it comes too late for', async (_, scope, doomed) => {
    const { commit, outcome } = await testNode()
    await commit(register('a', { key: 'a1' }), register('d/x'), register('d/y'))
    await commit(condemn('a1', 1, { run: 'run-1' }), condemn('d/x', 2), condemn('d/y', 3))
    await commit(doom('a1'), doom('d/x'), doom('d/y'))
    await outcome(register('a', { key: 'a2' }))
    await outcome(register('d/z'))
    expect((await commit(hold('h', scope))).outcomes).toEqual([{ status: 'done', doomed }])
  })

  it('[M-12] row 27: release of a rule: done; of one that is not there: same', async () => {
    const { outcome } = await testNode()
    await outcome(hold('h', { path: 'a' }))
    expect(await outcome(release('h'))).toBe('done')
    expect(await outcome(release('h'))).toBe('same')
  })

  it('[M-12] no rule is kept in memory of a batch that failed', async () => {
    const { manifest, outcome, failpoints } = await testNode()
    await outcome(register('a'))
    await outcome(hold('old', { path: 'b' }))
    {
      using _fail = failpoints.arm('manifest.commit.inside', { kind: 'error' })
      await manifest.commit({ ops: [hold('h', { path: 'a' }), release('old')] }).catch(() => undefined)
    }
    const taken = { ops: [hold('h', { path: 'a' }), release('old'), condemn('nobody', 1)], strict: true }
    expect(await manifest.commit(taken)).toMatchObject({ reason: 'strict' })
    expect(manifest.holds.list().map(({ id }) => id)).toEqual(['old'])
    expect(manifest.check()).toEqual([])
    expect(await outcome(condemn('a', 1))).toBe('done')
  })
})
