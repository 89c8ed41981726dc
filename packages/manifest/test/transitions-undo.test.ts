import { describe, expect, it } from 'vitest'
import {
  condemn,
  condemnUnlisted,
  doom,
  erased,
  newEntry,
  path,
  register,
  testNode,
  undo,
} from './support.ts'

describe('the transition table: a file that comes back', () => {
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

  it('[C-14] row 18: undo of an orphan with an entry: live, as adopted', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(condemnUnlisted('a/stray', { delay: 1000 }))
    const entry = newEntry('a/stray', { maxTime: 4 })
    expect(await outcome({ ...undo('a/stray'), entry })).toBe('done')
    expect(manifest.entry(path('a/stray'))).toEqual({ ...entry, adopted: true, generation: 2 })
    expect(manifest.check()).toEqual([])
  })

  it('[C-14] row 18: undo of an orphan onto a taken path: exists; below a file: conflict', async () => {
    const { outcome } = await testNode()
    await outcome(condemnUnlisted('a/x1', { delay: 1000 }))
    await outcome(register('a/x', { key: 'a/x2' }))
    expect(await outcome({ ...undo('a/x1'), entry: newEntry('a/x', { key: 'a/x1' }) })).toBe('exists')
    await outcome(condemnUnlisted('b/c/d', { delay: 1000 }))
    await outcome(register('b', { key: 'b1' }))
    expect(await outcome({ ...undo('b/c/d'), entry: newEntry('b/c/d') })).toBe('conflict')
  })

  it('[C-27] row 19: undo of a missing file: live again, as it was', async () => {
    const { outcome, manifest } = await testNode()
    await outcome(register('a/x', { rows: 3 }))
    await outcome(condemn('a/x', 1, { erase: false, delay: 1000 }))
    expect(await outcome(undo('a/x'))).toBe('done')
    expect(manifest.entry(path('a/x'))).toEqual({ ...newEntry('a/x', { rows: 3 }), generation: 3 })
  })
})
