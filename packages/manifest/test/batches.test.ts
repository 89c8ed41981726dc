import type { Batch, Op } from '@holdfast/core'
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
  storedRows,
  T0,
  testNode,
  undo,
  undoReplacement,
  update,
} from './support.ts'

const bad = (fields: object): Op => ({ type: 'register', entry: { ...newEntry('a/bad'), ...fields } }) as Op

describe('a batch', () => {
  it.each<[string, Op]>([
    ['an unknown op', { type: 'explode', key: 'a' } as unknown as Op],
    ['no op at all', undefined as unknown as Op],
    ['a bad path', bad({ path: '../x' })],
    ['a bad key', bad({ key: '/x' })],
    ["a key outside its path's folder", bad({ key: 'b/bad' })],
    ['a key that is too long', bad({ path: 'a/x', key: `a/${'x'.repeat(1023)}` })],
    ['no namespace', bad({ namespace: '' })],
    ['a namespace that cannot be encoded', bad({ namespace: '\ud800' })],
    ['a size that is no number', bad({ size: Number.NaN })],
    ['a checksum without algorithm', bad({ checksum: 'abc' })],
    ['times in the wrong order', bad({ minTime: 5, maxTime: 4 })],
    ['a time that no format holds', bad({ maxTime: -(2 ** 51) - 1 })],
    ['metadata that is no plain object', bad({ metadata: null })],
    ['a time with a fraction', bad({ maxTime: 0.5 })],
    ['metadata that is no text', bad({ metadata: { a: 1 } })],
    ['too much metadata', bad({ metadata: { a: 'x'.repeat(5000) } })],
    ['a negative delay', condemn('a/x', 1, { delay: -1 })],
    ['no reason', condemn('a/x', 1, { reason: '' })],
    ['an unlisted key with a generation', condemnUnlisted('a/x', { generation: 1 })],
    ['a path named twice', register('a/good')],
    ['an update without changes', update('a/x', 1, {})],
    ['an update of the path', update('a/x', 1, { path: 'b' } as never)],
    ['an update with times in the wrong order', update('a/x', 1, { minTime: 2, maxTime: 1 })],
    ['an update without a namespace', update('a/x', 1, { namespace: null } as never)],
    ['a condemn that erases otherwise', condemn('a/x', 1, { erase: true as never })],
    ['an unlisted key without bytes', condemnUnlisted('a/x', { erase: false })],
    ['an undo with the entry of another key', { ...undo('a/x'), entry: newEntry('a/y') }],
    ['a replacement that is no number', undoReplacement(0.5)],
    ['a replace without inputs', replace({}, [newEntry('a/x')])],
    ['a replace without outputs', replace({ 'a/x': 1 }, [])],
    ['a replace with a key twice', replace({ 'a/x': 1 }, [newEntry('a/y', { key: 'a/x' })])],
    ['a replace with a path twice', replace({ 'a/x': 1 }, [newEntry('b', { key: 'b1' }), newEntry('b')])],
    [
      'a replace with more than 1000 outputs',
      replace(
        { 'a/x': 1 },
        Array.from({ length: 1001 }, (_, at) => newEntry(`r/${at}`)),
      ),
    ],
    ['a hold of nothing', hold('h', {} as never)],
    ['a hold of two things', hold('h', { path: 'a', key: 'a' } as never)],
    ['a hold of a path that cannot be', hold('h', { folder: 'a/' })],
    [
      'a hold on a rule that cannot be',
      hold('h', { path: 'a' }, { current: { scope: {}, owner: 'o' } as never }),
    ],
    ['a release on a rule that is none', release('h', { current: 'a' as never })],
    ['a hold without owner', hold('h', { path: 'a' }, { owner: '' })],
    ['a tenure in epoch 0', { type: 'role', name: 'r', holder: 'n', epoch: 0 }],
    ['a tenure without holder', { type: 'role', name: 'r', holder: '', epoch: 1 }],
    ['a setting without name', { type: 'set', name: '', value: 1 }],
    ['a setting that is not JSON', { type: 'set', name: 's', value: 1n as never }],
    ['a setting that is too long', { type: 'set', name: 's', value: 'x'.repeat(70_000) }],
  ])('[M-01] %s rejects the whole batch before any row is touched', async (_what, op) => {
    const { manifest } = await testNode()
    const head = manifest.head()
    await expect(manifest.commit({ ops: [register('a/good'), op] })).rejects.toMatchObject({
      code: 'HF_BATCH_INVALID',
    })
    expect(manifest.head()).toEqual(head)
    expect(manifest.entry(path('a/good'))).toBeUndefined()
  })

  it('[M-01] a malformed batch does not touch those that are committed with it', async () => {
    const { manifest } = await testNode()
    const [good, wrong] = await Promise.allSettled([
      manifest.commit({ ops: [register('a/x')] }),
      manifest.commit({ ops: [bad({ size: -1 })] }),
    ])
    expect(good).toMatchObject({ status: 'fulfilled', value: { status: 'committed' } })
    expect(wrong).toMatchObject({ status: 'rejected', reason: { code: 'HF_BATCH_INVALID' } })
  })

  it('[M-01] more than 1000 ops, a bad id, a doom or erased without a fence are malformed', async () => {
    const { manifest } = await testNode()
    const invalid = (batch: Batch) =>
      expect(manifest.commit(batch)).rejects.toMatchObject({ code: 'HF_BATCH_INVALID' })
    await invalid({ ops: Array.from({ length: 1001 }, (_, index) => register(`a/${index}`)) })
    await invalid({ id: 'x', ops: [register('a/x')] })
    await invalid({ ops: [doom('a/x')] })
    await invalid({ ops: [erased('a/x')] })
    await invalid({ ops: [forget('a/x')] })
    expect(manifest.head().position.index).toBe(0)
  })

  it('[M-01] an empty batch is a success without a record', async () => {
    const { manifest } = await testNode()
    const head = manifest.head()
    expect(await manifest.commit({ ops: [] })).toMatchObject({ status: 'committed', outcomes: [] })
    expect(manifest.head()).toEqual(head)
  })

  it('[M-01] an error in the middle of the transaction leaves nothing behind', async () => {
    const { manifest, failpoints } = await testNode()
    await manifest.commit({ ops: [register('a/before', { maxTime: 1 })] })
    const head = manifest.head()
    {
      using _fail = failpoints.arm('manifest.commit.inside', { kind: 'error' })
      await expect(
        manifest.commit({ ops: [register('a/x', { maxTime: 2 }), condemn('a/before', 1)] }),
      ).rejects.toMatchObject({ code: 'HF_FAILPOINT' })
    }
    expect(manifest.head()).toEqual(head)
    expect(manifest.key(key('a/x'))).toBeUndefined()
    expect(manifest.namespaces().items).toEqual([
      { namespace: 'ns', files: 1, bytes: 3, rows: 0, timedFiles: 1, oldest: 1 },
    ])
    expect(await manifest.commit({ ops: [register('a/x', { maxTime: 2 })] })).toMatchObject({
      status: 'committed',
      position: { index: 2 },
    })
  })

  it('[M-16] an answer that was damaged before it could be read is unknown, and nothing is built upon it', async () => {
    const { manifest, failpoints, dataDir, node } = await testNode()
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    const damage = () => storedRows(dataDir).putSync(Buffer.from(`b${id}`), Buffer.from('rubbish'))
    using _damage = failpoints.arm('manifest.commit.after', { kind: 'callback', call: damage })
    const answers = await Promise.allSettled([
      manifest.commit({ id, ops: [register('a/x')] }),
      manifest.commit({ ops: [register('a/y')] }),
    ])
    expect(answers).toMatchObject([
      { status: 'rejected', reason: { code: 'HF_COMMIT_UNKNOWN', context: { id } } },
      { status: 'fulfilled', value: { status: 'committed' } },
    ])
    await expect(manifest.commit({ ops: [register('a/z')] })).rejects.toMatchObject({
      code: 'HF_MANIFEST_CORRUPT',
    })
    expect(await node.gate.check({ action: 'erase', actor: 'user' })).toMatchObject({
      allowed: false,
      reason: 'corrupt',
    })
  })

  it('[M-01] a full disk in the middle is an error that says so, and nothing is left', async () => {
    const { manifest, failpoints } = await testNode()
    const full = () => Object.assign(new Error('no space'), { code: 'ENOSPC' })
    using _fail = failpoints.arm('manifest.commit.inside', { kind: 'error', error: full })
    await expect(manifest.commit({ ops: [register('a/x')] })).rejects.toMatchObject({ code: 'HF_NO_SPACE' })
    expect(manifest.head().position.index).toBe(0)
  })

  it.each(['path', 'key', 'namespace', 'size', 'createdAt', 'checksum', 'origin', 'storeId'])(
    '[M-02] register requires %s',
    async (field) => {
      const { manifest } = await testNode()
      await expect(manifest.commit({ ops: [bad({ [field]: undefined })] })).rejects.toMatchObject({
        code: 'HF_BATCH_INVALID',
      })
    },
  )

  it('[M-02] a zero createdAt is rejected, not filled in', async () => {
    const { manifest } = await testNode()
    await expect(manifest.commit({ ops: [bad({ createdAt: 0 })] })).rejects.toMatchObject({
      code: 'HF_BATCH_INVALID',
      context: { problems: ['op 0: it has no createdAt'] },
    })
  })

  it('[M-02] what was registered is what is read, field by field', async () => {
    const { manifest } = await testNode()
    const entry = newEntry('a/x', {
      namespace: 'näme',
      size: 2 ** 52,
      checksum: 'crc32c:e3069283',
      version: 'v1',
      changedAt: T0 - 1,
      minTime: -(2 ** 51),
      maxTime: 2 ** 51,
      timesFrom: 'caller',
      rows: 12,
      adopted: true,
      metadata: { b: '2', a: '1', __proto__x: '😀' },
    })
    await manifest.commit({ ops: [{ type: 'register', entry }] })
    expect(manifest.entry(path('a/x'))).toEqual({ ...entry, generation: 1 })
  })

  it('[M-01] what a caller does to its objects after the call reaches neither state nor log', async () => {
    const { manifest } = await testNode()
    const op = { type: 'register' as const, entry: { ...newEntry('a/x') } }
    const committed = manifest.commit({ ops: [op] })
    Object.assign(op.entry, { path: '../../etc', size: -5, namespace: '' })
    expect((await committed).outcomes).toEqual([{ status: 'done' }])
    expect(manifest.entries().items).toEqual([{ ...newEntry('a/x'), generation: 1 }])
    expect(manifest.check()).toEqual([])
  })

  it('[M-02] a key that only resembles a minted one is kept to the letter', async () => {
    const { outcome, manifest } = await testNode()
    for (const name of [
      'a.b~01ARZ3NDEKTSV4RRFFQ69G5FAV',
      'a~01ARZ3NDEKTSV4RRFFQ69G5FAV.c',
      'd~01ARZ3NDEKTSV4RRFFQ69G5FAV~01ARZ3NDEKTSV4RRFFQ69G5FAV',
    ]) {
      const of = name.startsWith('a.b') ? 'a.b' : name.slice(0, 1)
      expect(await outcome(register(of, { key: name }))).toBe('done')
      expect(manifest.entry(path(of))?.key).toBe(name)
    }
    expect(manifest.check()).toEqual([])
  })

  it('[M-04] batches that arrive together are one record and one position, in the order of their arrival', async () => {
    const { manifest } = await testNode()
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => manifest.commit({ ops: [register(`a/${index}`)] })),
    )
    expect(new Set(results.map(({ position }) => position.index))).toEqual(new Set([1]))
    expect(manifest.entry(path('a/0'))?.generation).toBe(1)
    expect(manifest.entry(path('a/19'))?.generation).toBe(20)
  })

  it('[M-04] a record has the later of the clock and the record before it', async () => {
    const { manifest, clock } = await testNode()
    await manifest.commit({ ops: [register('a/x')] })
    clock.setWall(T0 - 60_000)
    await manifest.commit({ ops: [register('a/y')] })
    expect(manifest.head().time).toBe(T0)
  })

  it('[M-16] an answer that is lost is HF_COMMIT_UNKNOWN, and its id tells later', async () => {
    const { manifest, failpoints } = await testNode()
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    {
      using _lost = failpoints.arm('manifest.commit.after', { kind: 'error' })
      await expect(manifest.commit({ id, ops: [register('a/x')] })).rejects.toMatchObject({
        code: 'HF_COMMIT_UNKNOWN',
        context: { id },
      })
    }
    expect(await manifest.commit({ id, ops: [register('a/x')] })).toMatchObject({
      status: 'repeated',
      outcomes: [{ status: 'done' }],
    })
  })

  it('[M-16] a commit that is cancelled before its turn changes nothing', async () => {
    const { manifest } = await testNode()
    await expect(
      manifest.commit({ ops: [register('a/x')] }, { signal: AbortSignal.abort(new Error('no')) }),
    ).rejects.toThrow('no')
    expect(manifest.head().position.index).toBe(0)
  })
})
