import { HoldfastError, Rendezvous } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { hold, listed, read, T0, testNode } from './support.ts'

const keysBelow = (objects: { byKey: ReadonlyMap<string, unknown> }, prefix: string) =>
  [...objects.byKey.keys()].filter((name) => name.startsWith(prefix))

describe('overwriting', () => {
  it('[M-07] a write of a live path replaces it; the old bytes wait for the erase delay', async () => {
    const { files, manifest } = await testNode({ eraseDelay: '2h' })
    const one = await files.write('a/x', 'one')
    const two = await files.write('a/x', 'second')
    expect(await files.stat('a/x')).toEqual(two)
    expect(await read(files, 'a/x')).toBe('second')
    expect(await read(files, { key: one.key })).toBe('one')
    expect(manifest.key(one.key)).toMatchObject({
      state: 'condemned',
      as: 'replaced',
      replacement: two.generation,
      reason: 'overwritten',
      notBefore: T0 + 7_200_000,
    })
    expect(manifest.check()).toEqual([])
  })

  it('[M-07] a path that is overwritten and read at once reads as old or new, never torn or missing', async () => {
    const { files, eraser } = await testNode({ erasing: true })
    const texts = Array.from({ length: 30 }, (_, at) => `${at}`.repeat(1000))
    await files.write('a/x', texts[0]!)
    let writing = true
    const reading = (async () => {
      const seen: string[] = []
      while (writing) {
        seen.push(await read(files, 'a/x'))
        // The store is memory: nothing else would ever have its turn.
        await new Promise((resolve) => setImmediate(resolve))
      }
      return seen
    })()
    for (const text of texts.slice(1)) {
      await files.write('a/x', text, { delay: 0 })
      await eraser.drain()
    }
    writing = false
    const seen = await reading
    expect(seen.length).toBeGreaterThan(10)
    expect(seen.filter((text) => !texts.includes(text))).toEqual([])
  })

  it('[M-07] of several writers that overtake one another the last one wins, and all succeed', async () => {
    const { files, manifest } = await testNode()
    await files.write('a/x', 'first')
    const written = await Promise.all(['one', 'two', 'three'].map((text) => files.write('a/x', text)))
    const last = (await files.stat('a/x'))!
    expect(written.map(({ key: name }) => name)).toContain(last.key)
    expect(Math.max(...written.map(({ generation }) => generation))).toBe(last.generation)
    expect(manifest.check()).toEqual([])
  })

  it('[M-07] a writer that is overtaken again and again gives up after three times, and leaves nothing', async () => {
    const { files, eraser, objects } = await testNode({ erasing: true })
    await files.write('a/x', 'first')
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, (_, at) => files.write('a/x', `${at}`, { delay: 0 })),
    )
    const lost = results.filter(({ status }) => status === 'rejected')
    expect(lost).toHaveLength(2)
    for (const one of lost) expect(one).toMatchObject({ reason: { code: 'HF_INPUT_CHANGED' } })
    await eraser.drain()
    expect(keysBelow(objects, 'a/')).toEqual([(await files.stat('a/x'))!.key])
  })

  it('[M-18] ifGeneration writes over that file only, and is judged before a byte is written', async () => {
    const { files, objects } = await testNode()
    const { generation } = await files.write('a/x', 'one')
    const second = await files.write('a/x', 'two', { ifGeneration: generation })
    const before = objects.byKey.size
    await expect(files.write('a/x', 'three', { ifGeneration: generation })).rejects.toMatchObject({
      code: 'HF_INPUT_CHANGED',
    })
    await expect(files.write('a/none', 'x', { ifGeneration: 1 })).rejects.toMatchObject({
      code: 'HF_INPUT_CHANGED',
    })
    expect(objects.byKey.size).toBe(before)
    expect(await files.stat('a/x')).toEqual(second)
  })

  it('[M-18] a writer with ifGeneration that is overtaken while it writes does not try again', async () => {
    const { files, failpoints, objects, eraser } = await testNode({ erasing: true })
    const { generation } = await files.write('a/x', 'one')
    const meeting = new Rendezvous()
    const parked = failpoints.arm('files.write.stored', { kind: 'park', rendezvous: meeting })
    const late = files.write('a/x', 'late', { ifGeneration: generation })
    await meeting.reached
    parked[Symbol.dispose]()
    await files.write('a/x', 'early', { delay: 0 })
    meeting.release()
    await expect(late).rejects.toMatchObject({ code: 'HF_INPUT_CHANGED' })
    await eraser.drain()
    expect(await read(files, 'a/x')).toBe('early')
    expect(keysBelow(objects, 'a/')).toHaveLength(1)
  })

  it('[A-06] conditions and delays that cannot be are refused before a byte is written', async () => {
    const { files, objects } = await testNode()
    const before = objects.byKey.size
    for (const options of [{ ifAbsent: true, ifGeneration: 1 } as const, { delay: -1 }, { delay: 0.5 }])
      await expect(files.write('a/x', 'x', options)).rejects.toMatchObject({ code: 'HF_OPTION_INVALID' })
    expect(objects.byKey.size).toBe(before)
  })

  it('[M-12] a held file is not overwritten: HF_HELD before a byte is written, with the rule', async () => {
    const { files, outcome, objects } = await testNode()
    await files.write('a/x', 'one')
    await outcome(hold('h', { folder: 'a' }))
    const before = objects.byKey.size
    await expect(files.write('a/x', 'two')).rejects.toMatchObject({
      code: 'HF_HELD',
      context: { holds: [{ id: 'h', owner: 'test', scope: { folder: 'a' } }] },
    })
    expect(objects.byKey.size).toBe(before)
    expect(await files.write('a/new', 'x')).toMatchObject({ path: 'a/new' })
    await expect(files.delete('a/x')).rejects.toMatchObject({
      code: 'HF_HELD',
      context: { holds: [{ id: 'h' }] },
    })
  })

  it('[M-12] a hold that comes while a file is written is obeyed by apply, and leaves nothing', async () => {
    const { files, outcome, failpoints, objects } = await testNode()
    const { key: name } = await files.write('a/x', 'one')
    const meeting = new Rendezvous()
    const parked = failpoints.arm('files.write.stored', { kind: 'park', rendezvous: meeting })
    const late = files.write('a/x', 'late')
    await meeting.reached
    parked[Symbol.dispose]()
    await outcome(hold('h', { key: name }))
    meeting.release()
    await expect(late).rejects.toMatchObject({ code: 'HF_HELD', context: { holds: [{ id: 'h' }] } })
    expect(await read(files, 'a/x')).toBe('one')
    expect(keysBelow(objects, 'a/')).toHaveLength(2)
  })

  it('[M-12] bytes of a failed write that a hold keeps are cleared up by a start after its release', async () => {
    const first = await testNode({ erasing: true })
    await first.outcome(hold('h', { folder: 'a' }))
    async function* broken() {
      yield Buffer.from('half')
      throw new Error('source broke')
    }
    await expect(first.files.write('a/x', broken())).rejects.toThrow()
    await first.eraser.drain()
    const second = await first.restart()
    expect(second.manifest.condemned().items).toEqual([])
    await second.manifest.holds.release('h')
    const third = await second.restart()
    await third.eraser.drain()
    const head = third.manifest.head()
    expect((await third.restart()).manifest.head()).toEqual(head)
  })

  it('[M-16] an unknown commit of an overwrite is resolved by asking the log', async () => {
    const { files, failpoints } = await testNode()
    await files.write('a/x', 'one')
    using _lost = failpoints.arm('manifest.commit.after', { kind: 'error' }, { skip: 1 })
    expect(await files.write('a/x', 'two')).toMatchObject({ path: 'a/x', size: 3 })
    expect(await read(files, 'a/x')).toBe('two')
  })
})

describe('replacing', () => {
  const compact = {
    inputs: ['a/x', 'a/y'],
    outputs: [{ path: 'a/xy', source: 'onetwo', rows: 2, maxTime: 5 }],
  }

  it('[M-07] a compaction: outputs listed and inputs condemned in one step', async () => {
    const { files, manifest } = await testNode()
    await files.write('a/x', 'one')
    await files.write('a/y', 'two')
    const { replacement, entries } = await files.replace({ ...compact, run: 'run-1' })
    expect(await listed(files)).toEqual(['a/xy'])
    expect(entries).toEqual([await files.stat('a/xy')])
    expect(entries[0]).toMatchObject({ rows: 2, maxTime: 5, timesFrom: 'caller', generation: replacement })
    expect(await read(files, 'a/xy')).toBe('onetwo')
    expect(manifest.condemned().items).toMatchObject([
      { replacement, run: 'run-1', reason: 'replaced', notBefore: T0 + 3_600_000 },
      { replacement, run: 'run-1' },
    ])
  })

  it('[M-07] an input that changes while the outputs are written: nothing is replaced, and nothing is left', async () => {
    const { files, failpoints, eraser, objects } = await testNode({ erasing: true })
    await files.write('a/x', 'one')
    await files.write('a/y', 'two')
    const meeting = new Rendezvous()
    const parked = failpoints.arm('files.write.stored', { kind: 'park', rendezvous: meeting })
    const late = files.replace(compact)
    await meeting.reached
    parked[Symbol.dispose]()
    await files.update('a/y', { rows: 7 })
    meeting.release()
    await expect(late).rejects.toMatchObject({ code: 'HF_INPUT_CHANGED', context: { path: 'a/y' } })
    await eraser.drain()
    expect(await listed(files)).toEqual(['a/x', 'a/y'])
    expect(keysBelow(objects, 'a/')).toHaveLength(2)
  })

  it('[M-07] an output that cannot be written leaves no other output behind', async () => {
    const { files, eraser, objects } = await testNode({ erasing: true })
    await files.write('a/x', 'one')
    async function* broken() {
      yield Buffer.from('half')
      throw new Error('source broke')
    }
    const outputs = [
      { path: 'a/1', source: 'whole' },
      { path: 'a/2', source: broken() },
    ]
    await expect(files.replace({ inputs: ['a/x'], outputs })).rejects.toThrow()
    await eraser.drain()
    expect(keysBelow(objects, 'a/')).toEqual([(await files.stat('a/x'))!.key])
  })

  it('[X-11] bytes of outputs whose process died are cleared up by the next start', async () => {
    const { files, failpoints, manifest } = await testNode()
    await files.write('a/x', 'one')
    using _fail = failpoints.arm(
      'manifest.commit.before',
      { kind: 'error', error: () => new HoldfastError('HF_COMMIT_FAILED', 'no luck') },
      { skip: 1 },
    )
    await expect(
      files.replace({ inputs: ['a/x'], outputs: [{ path: 'a/z', source: 'z' }] }),
    ).rejects.toMatchObject({
      code: 'HF_COMMIT_FAILED',
    })
    expect(manifest.condemned().items).toMatchObject([{ as: 'orphan', reason: 'write failed' }])
  })

  it('[M-18] refusals name what is wrong, before a byte is written where it can be seen', async () => {
    const { files, objects, outcome } = await testNode()
    const { generation } = await files.write('a/x', 'one')
    await files.write('a/y', 'two')
    const before = objects.byKey.size
    const to = [{ path: 'b/z', source: 'z' }]
    const refused = (options: Parameters<typeof files.replace>[0], error: object) =>
      expect(files.replace(options)).rejects.toMatchObject(error)
    await refused({ inputs: ['a/none'], outputs: to }, { code: 'HF_FILE_NOT_FOUND' })
    await refused(
      { inputs: [{ path: 'a/x', generation: generation + 1 }], outputs: to },
      { code: 'HF_INPUT_CHANGED' },
    )
    await refused({ inputs: [], outputs: to }, { code: 'HF_OPTION_INVALID' })
    await refused({ inputs: ['a/x'], outputs: [] }, { code: 'HF_OPTION_INVALID' })
    await refused({ inputs: ['a/x', 'a/x'], outputs: to }, { code: 'HF_OPTION_INVALID' })
    await refused({ inputs: ['a/x'], outputs: [...to, ...to] }, { code: 'HF_OPTION_INVALID' })
    await refused({ inputs: ['a/x'], outputs: [{ path: '/b', source: 'z' }] }, { code: 'HF_PATH_INVALID' })
    await outcome(hold('h', { run: 'run-1' }))
    await refused({ inputs: ['a/x'], outputs: to, run: 'run-1' }, { code: 'HF_HELD' })
    expect(objects.byKey.size).toBe(before)
    await refused(
      { inputs: ['a/x'], outputs: [{ path: 'a/y', source: 'z' }] },
      { code: 'HF_PATH_EXISTS', context: { path: 'a/y' } },
    )
    await refused(
      { inputs: ['a/x'], outputs: [{ path: 'a/y/z', source: 'z' }] },
      { code: 'HF_PATH_CONFLICT', context: { with: 'a/y' } },
    )
    expect(await listed(files)).toEqual(['a/x', 'a/y'])
  })
})

describe('updating', () => {
  it('[M-18] an update changes what is known of a file, with a new generation', async () => {
    const { files } = await testNode()
    const path = 'sales/2026/01/01/00/a'
    const before = await files.write(path, 'x', { rows: 1 })
    const after = await files.update(path, { maxTime: T0 + 5, rows: null, metadata: { a: 'b' } })
    const { rows: _, ...rest } = before
    expect(after).toEqual({
      ...rest,
      maxTime: T0 + 5,
      timesFrom: 'caller',
      metadata: { a: 'b' },
      generation: 2,
    })
    expect(await files.stat(path)).toEqual(after)
    expect(await files.update(path, { minTime: null, maxTime: null })).not.toHaveProperty('timesFrom')
    expect(await files.update(path, {})).toMatchObject({ generation: 3 })
  })

  it('[M-18] refusals: not found, changed, fields that cannot be', async () => {
    const { files } = await testNode()
    await expect(files.update('a/x', { rows: 1 })).rejects.toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
    const { generation } = await files.write('a/x', 'x', { maxTime: 5 })
    await expect(files.update('a/x', { rows: 1 }, { ifGeneration: generation + 1 })).rejects.toMatchObject({
      code: 'HF_INPUT_CHANGED',
    })
    for (const changes of [{ rows: -1 }, { minTime: 6 }, { namespace: '' }, { size: 4 } as never])
      await expect(files.update('a/x', changes)).rejects.toMatchObject({ code: 'HF_OPTION_INVALID' })
    const racing = [files.update('a/x', { rows: 1 }), files.update('a/x', { rows: 2 })]
    const results = await Promise.allSettled(racing)
    expect(results[1]).toMatchObject({ status: 'rejected', reason: { code: 'HF_INPUT_CHANGED' } })
    expect(await files.stat('a/x')).toMatchObject({ rows: 1, generation: generation + 1 })
  })
})
