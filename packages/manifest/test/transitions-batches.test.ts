import type { JsonValue, Op } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import {
  condemn,
  doom,
  FENCE,
  hold,
  key,
  newEntry,
  path,
  register,
  replace,
  testNode,
  undo,
} from './support.ts'

describe('the transition table: batches and tenures', () => {
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

  it('[G-05] row 39: a tenure begins with the next epoch only', async () => {
    const { outcome, manifest } = await testNode()
    expect(manifest.role('sweeper')).toBeUndefined()
    expect(await outcome({ type: 'role', name: 'sweeper', holder: 'n1', epoch: 2 })).toBe('changed')
    expect(await outcome({ type: 'role', name: 'sweeper', holder: 'n1', epoch: 1 })).toBe('done')
    expect(await outcome({ type: 'role', name: 'sweeper', holder: 'n1', epoch: 1 })).toBe('same')
    expect(await outcome({ type: 'role', name: 'sweeper', holder: 'n2', epoch: 1 })).toBe('changed')
    expect(await outcome({ type: 'role', name: 'sweeper', holder: 'n2', epoch: 3 })).toBe('changed')
    expect(await outcome({ type: 'role', name: 'sweeper', holder: 'n2', epoch: 2 })).toBe('done')
    expect(manifest.role('sweeper')).toEqual({ name: 'sweeper', holder: 'n2', epoch: 2 })
    expect(manifest.check()).toEqual([])
  })

  it('[G-05] row 39: whoever lost a role cannot commit, also when the role came back to it', async () => {
    const { manifest } = await testNode()
    await manifest.commit({ ops: [register('a/x'), register('a/y')] })
    const tenure = (holder: string, epoch: number) =>
      manifest.commit({ ops: [{ type: 'role', name: 'sweeper', holder, epoch }] })
    const under = (epoch: number) =>
      manifest.commit({
        ops: [condemn('a/x', 1), condemn('a/y', 2)],
        fence: { role: 'sweeper', epoch },
      })
    await tenure('n1', 1)
    await tenure('n2', 2)
    const refused = { status: 'rejected', reason: 'fenced', outcomes: [] }
    expect(await under(1)).toMatchObject(refused)
    await tenure('n1', 3)
    expect(await under(1)).toMatchObject(refused)
    expect(await under(4)).toMatchObject(refused)
    expect(manifest.entries().items).toHaveLength(2)
    expect(await under(3)).toMatchObject({
      status: 'committed',
      outcomes: [{ status: 'done' }, { status: 'done' }],
    })
  })

  it('[G-05] a role that passes on with a batch in the same record rejects what comes behind it', async () => {
    const { manifest } = await testNode()
    await manifest.commit({ ops: [register('a/x')] })
    const fence = { role: 'sweeper', epoch: 0 }
    const [before, , after] = await Promise.all([
      manifest.commit({ ops: [condemn('a/nobody', 1)], fence }),
      manifest.commit({ ops: [{ type: 'role', name: 'sweeper', holder: 'n1', epoch: 1 }] }),
      manifest.commit({ ops: [condemn('a/x', 1)], fence }),
    ])
    expect(before.status).toBe('committed')
    expect(after).toMatchObject({ status: 'rejected', reason: 'fenced', position: before.position })
    expect(manifest.entry(path('a/x'))).toBeDefined()
  })

  it('[G-05] the eraser of a node whose role has passed on says so and erases nothing', async () => {
    const { manifest, files, eraser, objects } = await testNode({ erasing: true })
    const { key: name } = await files.write('a/x', 'x')
    await manifest.commit({ ops: [{ type: 'role', name: 'standalone', holder: 'n2', epoch: 1 }] })
    await files.delete('a/x', { delay: 0 })
    await expect(eraser.drain()).rejects.toMatchObject({ code: 'HF_FENCED' })
    expect(objects.byKey.has(name)).toBe(true)
    expect(manifest.key(name)?.state).toBe('condemned')
  })

  it('[M-18] a setting is set, changed on its generation, left as it is, and removed', async () => {
    const { outcome, manifest } = await testNode()
    const set = (value: JsonValue | undefined, generation?: number): Op => ({
      type: 'set',
      name: 'policies/a',
      ...(value !== undefined && { value }),
      ...(generation !== undefined && { generation }),
    })
    expect(await outcome(set({ b: [1, null, 'x'] }, 7))).toBe('changed')
    expect(await outcome(set({ b: [1, null, 'x'] }, 0))).toBe('done')
    expect(manifest.setting('policies/a')).toEqual({
      name: 'policies/a',
      value: { b: [1, null, 'x'] },
      generation: 1,
    })
    expect(await outcome(set({ b: [1, null, 'x'] }))).toBe('same')
    expect(await outcome(set(false, 0))).toBe('changed')
    expect(await outcome(set(false, 1))).toBe('done')
    await outcome({ type: 'set', name: 'other', value: 1 })
    expect(manifest.settings({ prefix: 'policies/' }).items).toEqual([
      { name: 'policies/a', value: false, generation: 2 },
    ])
    expect(await outcome(set(undefined))).toBe('done')
    expect(await outcome(set(undefined))).toBe('same')
    expect(manifest.settings().items.map(({ name }) => name)).toEqual(['other'])
    expect(manifest.check()).toEqual([])
  })

  it('[M-16] row 40: the first outcomes come again with all that they said', async () => {
    const { manifest } = await testNode()
    await manifest.commit({ ops: [register('a/x', { key: 'a/x1' }), register('a/y')] })
    await manifest.commit({ ops: [condemn('a/y', 2)] })
    await manifest.commit({ ops: [doom('a/y')], fence: FENCE })
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    const ops = [
      replace({ 'a/x1': 1 }, [newEntry('a/x', { key: 'a/x2' })]),
      hold('h', { folder: 'a' }),
      hold('i', { path: 'a/y' }),
      undo('a/nobody'),
      undo('a/nobody2'),
    ]
    const first = await manifest.commit({ id, ops })
    expect(first.outcomes).toEqual([
      { status: 'done', replacement: 5 },
      { status: 'done', doomed: 1 },
      { status: 'skipped', reason: 'doomed' },
      { status: 'skipped', reason: 'absent' },
      { status: 'skipped', reason: 'absent' },
    ])
    expect(await manifest.commit({ id, ops })).toEqual({ ...first, status: 'repeated' })
  })

  it('[M-16] row 40: a repeated id of a rejected batch is rejected again', async () => {
    const { manifest } = await testNode()
    const batch = { id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', ops: [condemn('a/x', 1)], strict: true }
    const first = await manifest.commit(batch)
    expect(first).toMatchObject({ status: 'rejected', reason: 'strict' })
    await manifest.commit({ ops: [register('a/x')] })
    expect(await manifest.commit(batch)).toEqual(first)
  })
})
