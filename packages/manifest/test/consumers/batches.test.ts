import type { Op } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import {
  condemn,
  condemnUnlisted,
  countRows,
  doom,
  erased,
  forget,
  hold,
  newEntry,
  register,
  release,
  replace,
  rowNamed,
  storedRows,
  T0,
  testNode,
  undo,
  undoReplacement,
  update,
} from '../support.ts'
import { recorder } from './recorder.ts'

/** Outcomes and deletions, which are kept for taps that are behind. */
const KEPT = ['O', 'D']

const ID = (n: number) => `01ARZ3NDEKTSV4RRFFQ69G5${String(n).padStart(3, '0')}`

describe('what taps of onManifestBatch get', () => {
  it('[K-08] each kind of op with what became of it, as it was asked for', async () => {
    const tap = recorder('tap')
    const test = await testNode({ plugins: [tap.plugin] })
    const ops: Op[] = [
      register('a', { key: 'a1', rows: 1 }),
      update('b1', 1, { maxTime: 3, rows: null, timesFrom: 'caller', metadata: { a: 'b' } }),
      condemn('c1', 1, { erase: false, delay: 5, run: 'r' }),
      condemnUnlisted('d1', { unlisted: { storeId: 's', size: 3, version: 'v' } }),
      undo('e1'),
      { ...undo('f1'), entry: newEntry('f', { key: 'f1' }) },
      undoReplacement(9, { run: 'r' }),
      replace({ g1: 3 }, [newEntry('g', { key: 'g2' })], { run: 'r', delay: 7 }),
      hold('h', { folder: 'x' }, { expiresAt: T0 + 9 }),
      release('i'),
      { ...doom('j1'), keep: 4 },
      erased('k1', 6),
      forget('l1'),
      { type: 'role', name: 'sweeper', holder: 'n1', epoch: 1 },
      { type: 'set', name: 's', value: { deep: [1, null] }, generation: 0 },
      { type: 'set', name: 't' },
    ]
    const { id, position, outcomes } = await test.commit(...ops)
    await test.node.hooks.drain()
    expect(tap.batches).toEqual([{ type: 'batch', id, position, ordinal: 0, time: T0, ops, outcomes }])
    expect(new Set(ops.map(({ type }) => type)).size).toBe(12)
  })

  it('[K-08] each committed batch with its ops and what became of them', async () => {
    const tap = recorder('tap')
    const { node, commit, clock } = await testNode({ plugins: [tap.plugin] })
    await commit(register('a'))
    const { position } = await commit(register('a', { key: 'other' }), register('b'))
    await node.hooks.drain()
    expect(tap.batches).toHaveLength(2)
    expect(tap.batches[1]).toEqual({
      type: 'batch',
      id: expect.any(String),
      position,
      ordinal: 0,
      time: clock.now(),
      ops: [
        { type: 'register', entry: newEntry('a', { key: 'other' }) },
        { type: 'register', entry: newEntry('b') },
      ],
      outcomes: [{ status: 'skipped', reason: 'exists' }, { status: 'done' }],
    })
  })

  it('[K-08] batches that were committed together are events of their own; rejected and repeated ones are none', async () => {
    const tap = recorder('tap')
    const { node, manifest } = await testNode({ plugins: [tap.plugin] })
    const results = await Promise.all([
      manifest.commit({ id: ID(1), ops: [register('a')] }),
      manifest.commit({ id: ID(2), ops: [register('a', { key: 'x' })], strict: true }),
      manifest.commit({ id: ID(3), ops: [register('b')], fence: { role: 'standalone', epoch: 7 } }),
      manifest.commit({ id: ID(4), ops: [register('c')] }),
      manifest.commit({ id: ID(4), ops: [register('c')] }),
      manifest.commit({ id: ID(5), ops: [register('d')] }),
    ])
    // Otherwise they were not in one record, and this shows nothing.
    expect(new Set(results.map(({ position }) => position.index)).size).toBe(1)
    await node.hooks.drain()
    expect(tap.batches.map(({ id, ordinal }) => [id, ordinal])).toEqual([
      [ID(1), 0],
      [ID(4), 3],
      [ID(5), 5],
    ])
  })

  it('[K-08] a batch in the middle of a record that fails is the one that comes again, also after a restart', async () => {
    let broken = true
    const tap = recorder('tap', {
      act: (event) => {
        if ('id' in event && event.id === ID(2) && broken) throw new Error('broken')
      },
    })
    const test = await testNode({ plugins: [tap.plugin] })
    const batch = (n: number) => test.manifest.commit({ id: ID(n), ops: [register(`f${n}`)] })
    await Promise.all([batch(1), batch(2), batch(3)])
    await test.node.hooks.drain()
    broken = false
    const { node } = await test.restart()
    node.hooks.retry()
    await node.hooks.drain()
    expect(tap.batches.map(({ id }) => id)).toEqual([ID(1), ID(2), ID(2), ID(3)])
  })

  it('[K-08] outcomes are there for a tap that comes back when the state has long forgotten them', async () => {
    const tap = recorder('tap')
    const first = await testNode({ plugins: [tap.plugin] })
    const away = await first.restart({ plugins: [] })
    const { id } = await away.commit(register('a'))
    await away.commit(register('a', { key: 'x' }), register('b'))
    await away.node.stop()
    // What 100,000 later batches do.
    const rows = storedRows(first.dataDir)
    expect(rows.removeSync(rowNamed('b', id))).toBe(true)
    await rows.close()
    const back = await first.restart({ plugins: [tap.plugin] })
    await back.node.hooks.drain()
    expect(tap.batches.map(({ outcomes }) => outcomes.map(({ status }) => status))).toEqual([
      ['done'],
      ['skipped', 'done'],
    ])
  })

  it('[K-08] a commit never waits for a tap', async () => {
    const tap = recorder('stuck', { act: () => new Promise(() => undefined) })
    const { node, commit, clock } = await testNode({ plugins: [tap.plugin] })
    for (let index = 0; index < 20; index++) await commit(register(`f${index}`))
    expect(node.hooks.status().consumers).toContainEqual(
      expect.objectContaining({ hook: 'onManifestBatch', lag: 20, state: 'delivering' }),
    )
    await clock.advance(60_000)
    await commit(register('after'))
    expect(tap.batches).toHaveLength(1)
    const stopped = node.stop()
    await clock.advance(30_000)
    await stopped
  })

  it('[K-08] a node without taps keeps nothing; with taps, what all have passed goes', async () => {
    const quiet = await testNode()
    await quiet.commit(register('a'))
    await quiet.commit(condemn('a', 1))
    await quiet.commit(doom('a'))
    await quiet.node.stop()
    expect(await countRows(quiet.dataDir, ...KEPT)).toEqual([0, 0])

    let broken = true
    const tap = recorder('tap', {
      act: () => {
        if (broken) throw new Error('broken')
      },
    })
    const first = await quiet.restart({ plugins: [recorder('other').plugin, tap.plugin] })
    const { generation } = first.manifest.head()
    await first.commit(register('b'))
    await first.commit(condemn('b', generation + 1))
    await first.commit(doom('b'))
    await first.node.hooks.drain()
    await first.node.stop()
    expect(await countRows(quiet.dataDir, ...KEPT)).toEqual([3, 1])
    broken = false
    const second = await first.restart()
    second.node.hooks.retry()
    await second.node.hooks.drain()
    await second.node.stop()
    expect(await countRows(quiet.dataDir, ...KEPT)).toEqual([0, 0])
  })

  it('[K-14] what is kept for a plugin that is gone goes when it is forgotten', async () => {
    const first = await testNode({ plugins: [recorder('gone').plugin] })
    const second = await first.restart({ plugins: [] })
    for (let index = 0; index < 2500; index++) void second.commit(register(`f${index}`))
    await second.commit(register('last'))
    expect(second.node.hooks.status().consumers.map(({ hook, state }) => [hook, state])).toEqual([
      ['onManifestBatch', 'absent'],
      ['onFileDeleted', 'absent'],
    ])
    expect(await second.node.hooks.forget('gone')).toBe(2)
    await second.commit(register('later'))
    await second.node.stop()
    // The rows of consumers too.
    expect(await countRows(first.dataDir, ...KEPT, 'C')).toEqual([0, 0, 0])
  })

  it('[K-08] a failed transaction leaves no consumer in memory that is not in the store', async () => {
    const test = await testNode({ plugins: [recorder('tap').plugin] })
    await test.commit(register('a'))
    test.failpoints.arm('manifest.commit.inside', { kind: 'error' })
    await test.node.hooks.drain()
    const kept = test.node.hooks.floor()
    expect(kept).toEqual({ kind: 'at', position: { term: 0, index: 0 } })
    await test.node.hooks.drain()
    expect(test.node.hooks.floor()).toEqual({ kind: 'at', position: { term: 1, index: 1 } })
  })
})
