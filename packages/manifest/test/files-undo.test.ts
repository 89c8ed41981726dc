import { describe, expect, it } from 'vitest'
import { condemn, doom, hold, listed, read, register, testNode, undo } from './support.ts'

describe('undo of what was replaced', () => {
  it('[M-07] an overwritten file comes back by its replacement only, whose number the error names', async () => {
    const { files } = await testNode()
    const one = await files.write('a/x', 'one')
    const two = await files.write('a/x', 'two')
    const refused = { code: 'HF_INPUT_CHANGED', context: { replacement: two.generation } }
    await expect(files.undo('a/x')).rejects.toMatchObject(refused)
    await expect(files.undo({ key: one.key })).rejects.toMatchObject(refused)
    const { replacement, entries } = await files.undo({ replacement: two.generation })
    expect(entries).toEqual([await files.stat('a/x')])
    expect(await read(files, 'a/x')).toBe('one')
    await files.undo({ replacement })
    expect(await read(files, 'a/x')).toBe('two')
  })

  it('[M-07] a compaction comes back whole, and the other way round', async () => {
    const { files, manifest } = await testNode()
    await files.write('a/x', 'one')
    await files.write('a/y', 'two')
    const { replacement } = await files.replace({
      inputs: ['a/x', 'a/y'],
      outputs: [{ path: 'a/xy', source: 'onetwo' }],
    })
    const back = await files.undo({ replacement }, { delay: 5000 })
    expect(back.entries.map(({ path: name }) => name)).toEqual(['a/x', 'a/y'])
    expect(await listed(files)).toEqual(['a/x', 'a/y'])
    await files.undo({ replacement: back.replacement })
    expect(await listed(files)).toEqual(['a/xy'])
    expect(manifest.check()).toEqual([])
  })

  it('[M-07] refusals of undo of a replacement', async () => {
    const { files, commit, objects } = await testNode()
    await expect(files.undo({ replacement: 77 })).rejects.toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
    const one = await files.write('a/x', 'one')
    const { generation: replacement } = await files.write('a/x', 'two')
    const later = await files.write('a/x', 'three')
    await expect(files.undo({ replacement })).rejects.toMatchObject({
      code: 'HF_INPUT_CHANGED',
      context: { replacement: later.generation },
    })
    await files.undo({ replacement: later.generation })
    await expect(files.undo({ replacement })).rejects.toMatchObject({ code: 'HF_INPUT_CHANGED' })
    await files.delete('a/x')
    const bytes = objects.byKey.get(one.key)!
    objects.byKey.delete(one.key)
    await expect(files.undo({ replacement })).rejects.toMatchObject({ code: 'HF_BYTES_MISSING' })
    objects.byKey.set(one.key, bytes)
    await commit(register('a/x', { key: 'a/x9' }))
    await expect(files.undo({ replacement })).rejects.toMatchObject({
      code: 'HF_PATH_EXISTS',
      context: { path: 'a/x' },
    })
    await commit(condemn('a/x9', (await files.stat('a/x'))!.generation))
    expect(await files.undo({ replacement })).toMatchObject({ entries: [{ key: one.key }] })
  })

  it('[M-13] a replacement of which an input is doomed cannot be undone any more', async () => {
    const { files, commit } = await testNode()
    const one = await files.write('a/x', 'one')
    await files.write('a/y', 'two')
    const { replacement } = await files.replace({
      inputs: ['a/x', 'a/y'],
      outputs: [{ path: 'a/xy', source: 'onetwo' }],
      delay: 0,
    })
    await commit(doom(one.key))
    await expect(files.undo({ replacement })).rejects.toMatchObject({ code: 'HF_DOOMED' })
  })

  it('[M-12] an output that is held is not taken away by an undo', async () => {
    const { files, outcome } = await testNode()
    await files.write('a/x', 'one')
    const { generation: replacement } = await files.write('a/x', 'two')
    await outcome(hold('h', { path: 'a/x' }))
    await expect(files.undo({ replacement })).rejects.toMatchObject({
      code: 'HF_HELD',
      context: { holds: [{ id: 'h' }] },
    })
    expect(await read(files, 'a/x')).toBe('two')
  })
})

describe('undo by key', () => {
  it('[M-13] a certain one of several keys of a path comes back', async () => {
    const { files } = await testNode()
    const one = await files.write('a/x', 'one')
    await files.delete('a/x')
    await files.write('a/x', 'two')
    await files.delete('a/x')
    expect(await files.undo({ key: one.key })).toMatchObject({ key: one.key, path: 'a/x' })
    expect(await files.undo({ key: one.key })).toMatchObject({ key: one.key })
    expect(await read(files, 'a/x')).toBe('one')
  })

  it('[M-13] refusals of undo by key', async () => {
    const { files, commit } = await testNode()
    await expect(files.undo({ key: 'a/none' })).rejects.toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
    await expect(files.undo({ key: '/a' })).rejects.toMatchObject({ code: 'HF_KEY_INVALID' })
    const { key: name } = await files.write('a/x', 'x')
    await files.delete('a/x', { delay: 0 })
    await commit(doom(name))
    await expect(files.undo({ key: name })).rejects.toMatchObject({ code: 'HF_DOOMED' })
    await commit({ type: 'erased', key: name, keep: 1000 })
    await expect(files.undo({ key: name })).rejects.toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
  })
})

describe('undo of a run', () => {
  it('[R-16] what a run condemned comes back in batches, replacements as a whole; the rest is counted', async () => {
    const { files, commit, objects, manifest } = await testNode()
    const names = Array.from({ length: 1200 }, (_, at) => `r/${String(at).padStart(4, '0')}`)
    await commit(...names.slice(0, 1000).map((name) => register(name)))
    await commit(...names.slice(1000).map((name) => register(name)))
    for (const name of names) objects.byKey.set(name, objects.byKey.values().next().value!)
    const run = { run: 'run-1', delay: 60_000 }
    await commit(...names.slice(0, 1000).map((name, at) => condemn(name, at + 1, run)))
    await commit(...names.slice(1000).map((name, at) => condemn(name, at + 1001, run)))
    await files.write('a/x', 'one')
    await files.write('a/y', 'two')
    await files.replace({ inputs: ['a/x', 'a/y'], outputs: [{ path: 'a/xy', source: 'xy' }], run: 'run-1' })
    await files.write('other', 'x')
    await files.delete('other')
    objects.byKey.delete('r/0001')
    await commit(register('r/0002', { key: 'r/0002-new' }))
    const result = await files.undo({ run: 'run-1' })
    expect(result).toEqual({
      files: 1200,
      skipped: { HF_BYTES_MISSING: 1, HF_PATH_EXISTS: 1 },
      samples: [
        { key: 'r/0001', path: 'r/0001', code: 'HF_BYTES_MISSING' },
        { key: 'r/0002', path: 'r/0002', code: 'HF_PATH_EXISTS' },
      ],
    })
    expect(await listed(files, 'a')).toEqual(['a/x', 'a/y'])
    expect(await files.stat('other')).toBeUndefined()
    expect(manifest.check()).toEqual([])
    expect(await files.undo({ run: 'run-1' })).toMatchObject({ files: 0 })
  }, 30_000)

  it('[R-16] of several files of one path that a run condemned the newest comes back', async () => {
    const { files, manifest, commit } = await testNode()
    const texts = ['one', 'two', 'three']
    for (const text of texts) {
      const { key: name, generation } = await files.write('a/x', text)
      await commit(condemn(name, generation, { run: 'run-1', delay: 60_000 }))
    }
    expect(await files.undo({ run: 'run-1' })).toEqual({ files: 1, skipped: {}, samples: [] })
    expect(await read(files, 'a/x')).toBe('three')
    expect(manifest.condemned().items).toHaveLength(2)
  })

  it('[R-16] a replacement of a run that cannot be undone is counted with its files', async () => {
    const { files, outcome } = await testNode()
    await files.write('a/x', 'one')
    await files.replace({ inputs: ['a/x'], outputs: [{ path: 'a/y', source: 'y' }], run: 'run-1' })
    await outcome(hold('h', { path: 'a/y' }))
    expect(await files.undo({ run: 'run-1' })).toMatchObject({
      files: 0,
      skipped: { HF_HELD: 1 },
      samples: [{ path: 'a/x', code: 'HF_HELD' }],
    })
    expect(await outcome(undo('a/nobody'))).toBe('absent')
  })
})
