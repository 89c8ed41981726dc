import type { Op } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import {
  condemn,
  condemnUnlisted,
  doom,
  erased,
  forget,
  hold,
  key,
  newEntry,
  path,
  register,
  release,
  replace,
  T0,
  type TestNode,
  testNode,
  undo,
  undoReplacement,
  update,
} from './support.ts'

/** Two files that were replaced by one: generation 3 is the number of the replacement. */
async function compacted(options: { readonly delay?: number } = {}): Promise<TestNode> {
  const test = await testNode()
  await test.commit(register('a/x', { key: 'a/x1', rows: 1 }), register('a/y', { key: 'a/y1', rows: 2 }))
  const op = replace({ 'a/x1': 1, 'a/y1': 2 }, [newEntry('a/xy', { key: 'a/xy1', rows: 3 })], {
    delay: options.delay ?? 1000,
    run: 'run-1',
  })
  expect((await test.commit(op)).outcomes).toEqual([{ status: 'done', replacement: 3 }])
  return test
}

const live = ({ manifest }: TestNode) => manifest.entries().items.map(({ key: name }) => name)

/** Does all of it on one node. */
async function outcomes({ outcome }: TestNode, ...ops: Op[]): Promise<string[]> {
  const all: string[] = []
  for (const op of ops) all.push(await outcome(op))
  return all
}

describe('the transition table: replacements', () => {
  it('[M-07] row 24: outputs live and inputs condemned by one op, under one number', async () => {
    const test = await compacted()
    expect(live(test)).toEqual(['a/xy1'])
    expect(test.manifest.entry(path('a/xy'))).toMatchObject({ generation: 3, rows: 3 })
    for (const name of ['a/x1', 'a/y1'])
      expect(test.manifest.key(key(name))).toMatchObject({
        state: 'condemned',
        as: 'replaced',
        replacement: 3,
        notBefore: T0 + 1000,
        run: 'run-1',
      })
    expect(test.manifest.check()).toEqual([])
  })

  it('[M-07] row 24: an output may take the path of an input, as an overwrite does', async () => {
    const test = await testNode()
    await test.outcome(register('a/x', { key: 'a/x1' }))
    expect(await test.outcome(replace({ 'a/x1': 1 }, [newEntry('a/x', { key: 'a/x2' })]))).toBe('done')
    expect(live(test)).toEqual(['a/x2'])
  })

  it('[M-07] row 24: an output may lie where its input was a folder in the way', async () => {
    const test = await testNode()
    await test.outcome(register('a', { key: 'a1' }))
    expect(await test.outcome(replace({ a1: 1 }, [newEntry('a/b', { key: 'a/b1' })]))).toBe('done')
    expect(live(test)).toEqual(['a/b1'])
    expect(await test.outcome(undoReplacement(2))).toBe('done')
    expect(live(test)).toEqual(['a1'])
    expect(test.manifest.check()).toEqual([])
  })

  it.each<[string, string, Op[], Op]>([
    ['changed', 'an input has changed', [], replace({ 'a/x1': 9 }, [newEntry('b/o')])],
    ['changed', 'one of several inputs is gone', [], replace({ 'a/x1': 1, 'a/no': 2 }, [newEntry('b/o')])],
    ['held', 'an input is held', [hold('h', { path: 'a/x' })], replace({ 'a/x1': 1 }, [newEntry('b/o')])],
    ['retired', 'an output has a used key', [], replace({ 'a/x1': 1 }, [newEntry('a/n', { key: 'a/y1' })])],
    [
      'retired',
      'an output has the key of an orphan',
      [condemnUnlisted('b/o')],
      replace({ 'a/x1': 1 }, [newEntry('b/o')]),
    ],
    [
      'exists',
      'the path of an output is taken',
      [],
      replace({ 'a/x1': 1 }, [newEntry('a/y', { key: 'a/y2' })]),
    ],
    ['conflict', 'an output lies below a file', [], replace({ 'a/x1': 1 }, [newEntry('a/y/z')])],
    [
      'conflict',
      'outputs lie below one another',
      [],
      replace({ 'a/x1': 1 }, [newEntry('b'), newEntry('b/c')]),
    ],
  ])(
    '[M-07] row 25: %s when %s: nothing is done, and the output keys stay unknown',
    async (reason, _, before, op) => {
      const test = await testNode()
      await test.commit(register('a/x', { key: 'a/x1', maxTime: 1 }), register('a/y', { key: 'a/y1' }))
      await outcomes(test, ...before)
      const { generation, digest } = test.manifest.head()
      const content = test.manifest.contentDigest()
      expect(await test.outcome(op)).toBe(reason)
      expect(test.manifest.head().generation).toBe(generation)
      expect(test.manifest.head().digest).not.toBe(digest)
      expect(test.manifest.contentDigest()).toBe(content)
      expect(test.manifest.check()).toEqual([])
      // May be offered again, unless the key was used.
      if (reason !== 'retired' && 'outputs' in op)
        expect(test.manifest.key(op.outputs[0]!.key)).toBeUndefined()
    },
  )

  it('[M-07] row 20: plain undo of an input: replaced', async () => {
    const test = await compacted()
    expect(await outcomes(test, undo('a/x1'), undo('a/y1'))).toEqual(['replaced', 'replaced'])
    expect(live(test)).toEqual(['a/xy1'])
  })

  it('[M-18] row 20: plain undo of a replaced input: replaced, though its path is free', async () => {
    const test = await compacted()
    await test.outcome(condemn('a/xy1', 3, { delay: 1000 }))
    expect(await test.outcome(undo('a/x1'))).toBe('replaced')
  })

  it('[M-18] row 21: undo of a replacement: inputs live, outputs condemned, and it can be undone again', async () => {
    const test = await compacted()
    expect((await test.commit(undoReplacement(3, { delay: 500 }))).outcomes).toEqual([
      { status: 'done', replacement: 4 },
    ])
    expect(live(test)).toEqual(['a/x1', 'a/y1'])
    expect(test.manifest.entry(path('a/x'))).toMatchObject({ rows: 1, generation: 4 })
    expect(test.manifest.key(key('a/xy1'))).toMatchObject({
      as: 'replaced',
      replacement: 4,
      notBefore: T0 + 500,
    })
    expect(await test.outcome(undo('a/xy1'))).toBe('replaced')
    expect(await outcomes(test, undoReplacement(3), undoReplacement(4))).toEqual(['absent', 'done'])
    expect(live(test)).toEqual(['a/xy1'])
    expect(test.manifest.check()).toEqual([])
  })

  it.each<[string, string, Op[]]>([
    ['changed', 'an output was changed', [update('a/xy1', 3, { rows: 9 })]],
    ['held', 'an output is held', [hold('h', { path: 'a/xy' })]],
    ['exists', 'the path of an input is taken', [register('a/x', { key: 'a/x2' })]],
    ['conflict', 'an input would lie above a file', [register('a/y/z')]],
    ['doomed', 'an input is doomed', [condemn('a/x1', 3, { delay: 0 }), doom('a/x1')]],
    [
      'doomed',
      'an input is gone, the other one still condemned',
      [condemn('a/x1', 3, { delay: 0 }), doom('a/x1'), erased('a/x1')],
    ],
  ])('[M-07] row 21: %s when %s: nothing comes back', async (reason, _, before) => {
    const test = await compacted()
    expect(await outcomes(test, ...before)).not.toContain('absent')
    const listed = live(test)
    expect(await test.outcome(undoReplacement(3))).toBe(reason)
    expect(live(test)).toEqual(listed)
    expect(test.manifest.check()).toEqual([])
  })

  it('[M-07] row 21: when the last input is doomed nothing is left to undo', async () => {
    const test = await compacted({ delay: 0 })
    await outcomes(test, doom('a/x1'), doom('a/y1'))
    expect(await test.outcome(undoReplacement(3))).toBe('absent')
    expect(test.manifest.check()).toEqual([])
  })

  it('[M-18] row 22: an output that was deleted by itself stays condemned, linked to this undo', async () => {
    const test = await compacted()
    await test.outcome(condemn('a/xy1', 3, { delay: 300 }))
    expect(await test.outcome(undoReplacement(3))).toBe('done')
    expect(live(test)).toEqual(['a/x1', 'a/y1'])
    expect(test.manifest.key(key('a/xy1'))).toMatchObject({
      replacement: 5,
      as: 'replaced',
      notBefore: T0 + 300,
    })
    expect(await test.outcome(undo('a/xy1'))).toBe('replaced')
    expect(await test.outcome(undoReplacement(5))).toBe('done')
    expect(live(test)).toEqual(['a/xy1'])
    expect(test.manifest.check()).toEqual([])
  })

  it('[C-27] row 22: an output without bytes stays what it is when it is linked', async () => {
    const test = await compacted()
    await test.outcome(condemn('a/xy1', 3, { erase: false }))
    await test.outcome(undoReplacement(3))
    expect(test.manifest.key(key('a/xy1'))).toMatchObject({ as: 'missing', replacement: 5 })
    await test.outcome(doom('a/xy1'))
    expect(test.manifest.key(key('a/xy1'))).toMatchObject({ state: 'gone', as: 'replaced' })
    expect(test.manifest.check()).toEqual([])
  })

  it('[M-18] row 22: an output that is doomed or gone by a delete of its own is no obstacle', async () => {
    for (const further of [[], [erased('a/xy1')]]) {
      const test = await compacted()
      await outcomes(test, condemn('a/xy1', 3), doom('a/xy1'), ...further)
      expect(await test.outcome(undoReplacement(3))).toBe('done')
      expect(live(test)).toEqual(['a/x1', 'a/y1'])
      expect(test.manifest.check()).toEqual([])
    }
  })

  it('[M-18] row 22: an output that a later replacement took: that one has to be undone first', async () => {
    const test = await compacted()
    await test.outcome(replace({ 'a/xy1': 3 }, [newEntry('a/z')], { delay: 1000 }))
    expect(await test.outcome(undoReplacement(3))).toBe('replaced')
    expect(live(test)).toEqual(['a/z'])
    // Undone, the output has another generation than the first replacement gave it.
    expect(await outcomes(test, undoReplacement(4), undoReplacement(3))).toEqual(['done', 'changed'])
  })

  it.each<[string, (name: string) => Op[]]>([
    ['doomed', (name) => [doom(name)]],
    ['gone', (name) => [doom(name), erased(name)]],
  ])(
    '[M-18] row 22: an output that a later replacement took and that is %s: replaced',
    async (_, further) => {
      const test = await compacted()
      await test.outcome(replace({ 'a/xy1': 3 }, [newEntry('a/z')]))
      await outcomes(test, ...further('a/xy1'))
      expect(await test.outcome(undoReplacement(3))).toBe('replaced')
    },
  )

  it('[M-18] row 22: an output of which nobody knows any more how it left: changed', async () => {
    const test = await compacted()
    await outcomes(test, condemn('a/xy1', 3), doom('a/xy1'), erased('a/xy1', 0), forget('a/xy1'))
    expect(await test.outcome(undoReplacement(3))).toBe('changed')
    await test.outcome(condemnUnlisted('a/xy1', { delay: 1000 }))
    expect(await test.outcome(undoReplacement(3))).toBe('changed')
  })

  it('[M-18] row 12: a replaced input that is purged or postponed stays one', async () => {
    const test = await compacted()
    expect(await test.outcome(condemn('a/x1', 3, { delay: 9000 }))).toBe('done')
    expect(await test.outcome(undo('a/x1'))).toBe('replaced')
    expect(await test.outcome(undoReplacement(3))).toBe('done')
    expect(test.manifest.check()).toEqual([])
  })

  it('[M-07] a replacement in a strict batch that fails leaves nothing behind', async () => {
    const test = await testNode()
    await test.commit(register('a/x'))
    const ops = [replace({ 'a/x': 1 }, [newEntry('a/y')]), hold('h', { path: 'a/y' }), condemn('a/nobody', 1)]
    expect(await test.manifest.commit({ ops, strict: true })).toMatchObject({ reason: 'strict' })
    expect(live(test)).toEqual(['a/x'])
    expect(test.manifest.holds.list()).toEqual([])
    expect(test.manifest.check()).toEqual([])
    await outcomes(test, release('h'))
  })
})
