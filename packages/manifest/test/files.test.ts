import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { HoldfastError, type HoldfastNode } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { bentBackend, key, listed, path, read, register, T0, testNode } from './support.ts'

const HOUR = 'sales/2026/01/01/00'

describe('writing', () => {
  it('[M-15] a written file is listed with what its layout and its bytes say', async () => {
    const { files, manifest } = await testNode()
    const entry = await files.write(`${HOUR}/a.csv`, 'a,b\n')
    expect(entry).toMatchObject({
      path: `${HOUR}/a.csv`,
      namespace: 'sales',
      size: 4,
      checksum: `sha256:${createHash('sha256').update('a,b\n').digest('hex')}`,
      minTime: T0,
      maxTime: T0 + 3_599_999,
      timesFrom: 'path',
      createdAt: T0,
      origin: 'node-1',
      storeId: manifest.storeId,
    })
    expect(entry.key).toMatch(/^sales\/2026\/01\/01\/00\/a~[0-9A-Z]{26}\.csv$/)
    expect(await files.stat(`${HOUR}/a.csv`)).toEqual(entry)
    expect(await read(files, `${HOUR}/a.csv`)).toBe('a,b\n')
  })

  it('[R-11] what the caller says of times, rows and namespace wins', async () => {
    const { files } = await testNode()
    const options = { namespace: 'n', minTime: 1, maxTime: 2, rows: 3, metadata: { a: 'b' } }
    expect(await files.write(`${HOUR}/a`, 'x', options)).toMatchObject({ ...options, timesFrom: 'caller' })
    expect(await files.write('free/form.txt', 'x')).toMatchObject({ namespace: 'free' })
    expect(await files.write('top', 'x')).toMatchObject({ namespace: '.' })
    expect((await files.stat('free/form.txt'))?.maxTime).toBeUndefined()
  })

  it('[M-02] with ifAbsent a live path is refused before a byte is written', async () => {
    const { files, objects } = await testNode()
    await files.write('a/x', 'one', { ifAbsent: true })
    const before = objects.byKey.size
    await expect(files.write('a/x', 'two', { ifAbsent: true })).rejects.toMatchObject({
      code: 'HF_PATH_EXISTS',
    })
    expect(objects.byKey.size).toBe(before)
    expect(await read(files, 'a/x')).toBe('one')
  })

  it('[M-23] a path that would be file and folder is refused before a byte is written', async () => {
    const { files, objects } = await testNode()
    await files.write('a/x', 'one')
    const before = objects.byKey.size
    await expect(files.write('a/x/y', 'two')).rejects.toMatchObject({ code: 'HF_PATH_CONFLICT' })
    await expect(files.write('a', 'two')).rejects.toMatchObject({ code: 'HF_PATH_CONFLICT' })
    expect(objects.byKey.size).toBe(before)
  })

  it('[M-14] of two writers of one new path one wins, and the other leaves nothing', async () => {
    const { files, eraser, objects } = await testNode({ erasing: true })
    const ifAbsent = { ifAbsent: true } as const
    const results = await Promise.allSettled([
      files.write('a/x', 'one', ifAbsent),
      files.write('a/x', 'two', ifAbsent),
    ])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'HF_PATH_EXISTS' },
    })
    await eraser.drain()
    expect([...objects.byKey.keys()].filter((name) => !name.startsWith('.holdfast'))).toEqual([
      (await files.stat('a/x'))!.key,
    ])
  })

  it.each(['', '/abs', 'a/../b', 'a:b', '.holdfast/x', 'x'.repeat(998)])(
    '[M-03] %j is refused by every call',
    async (wrong) => {
      const { files } = await testNode()
      await expect(files.write(wrong, 'x')).rejects.toMatchObject({ code: 'HF_PATH_INVALID' })
      if (wrong.length > 900) return
      await expect(files.read(wrong)).rejects.toMatchObject({ code: 'HF_PATH_INVALID' })
      await expect(files.stat(wrong)).rejects.toMatchObject({ code: 'HF_PATH_INVALID' })
      await expect(files.delete(wrong)).rejects.toMatchObject({ code: 'HF_PATH_INVALID' })
      await expect(files.undo(wrong)).rejects.toMatchObject({ code: 'HF_PATH_INVALID' })
    },
  )

  it('[M-03] a path leaves room for what its key adds', async () => {
    const { files } = await testNode()
    expect((await files.write('x'.repeat(997), 'x')).key).toHaveLength(1024)
  })

  it('[X-11] a source that fails leaves no file, no bytes and no pending row', async () => {
    const first = await testNode({ erasing: true })
    async function* broken() {
      yield Buffer.from('half')
      throw new Error('source broke')
    }
    await expect(first.files.write('a/x', broken())).rejects.toThrow()
    await first.eraser.drain()
    expect(await first.files.stat('a/x')).toBeUndefined()
    expect([...first.objects.byKey.keys()].filter((name) => name.startsWith('a/'))).toEqual([])
    const head = first.manifest.head()
    const second = await first.restart()
    // A pending row would have been ended by a record of its own.
    expect(second.manifest.head()).toEqual(head)
    expect(await second.files.write('a/x', 'whole')).toMatchObject({ size: 5 })
  })

  it('[X-11] a commit that fails after the bytes were written sends them to the eraser', async () => {
    const { files, failpoints, eraser, objects } = await testNode({ erasing: true })
    // Passes: the pending row, then the register.
    using _fail = failpoints.arm(
      'manifest.commit.before',
      { kind: 'error', error: () => new HoldfastError('HF_COMMIT_FAILED', 'no luck') },
      { skip: 1 },
    )
    await expect(files.write('a/x', 'x')).rejects.toMatchObject({ code: 'HF_COMMIT_FAILED' })
    expect(await files.stat('a/x')).toBeUndefined()
    await eraser.drain()
    expect([...objects.byKey.keys()].filter((name) => name.startsWith('a/'))).toEqual([])
  })

  it('[M-16] an unknown commit of a write is resolved by asking the log', async () => {
    const { files, failpoints } = await testNode()
    using _lost = failpoints.arm('manifest.commit.after', { kind: 'error' }, { skip: 1 })
    expect(await files.write('a/x', 'kept')).toMatchObject({ path: 'a/x' })
    expect(await read(files, 'a/x')).toBe('kept')
  })
})

describe('what a crash left of many writes', () => {
  it('[X-11] more unfinished writes than one batch holds are all ended at the next start', async () => {
    const first = await testNode()
    // The bytes of every write hang, as if the process had died in them.
    const never = async function* () {
      yield Buffer.from('half')
      await new Promise(() => undefined)
    }
    for (let index = 0; index < 2500; index++)
      void first.files.write(`p/${index}`, never()).catch(() => undefined)
    await first.commit(register('a/after'))
    writeFileSync(join(first.dataDir, 'lock'), '')
    const second = await testNode({ dataDir: first.dataDir, objects: first.objects, erasing: true })
    expect(second.manifest.head().position.index).toBeGreaterThan(3)
    await second.eraser.drain()
    // Condemned, doomed and erased, each of them once; one file was registered.
    expect(second.manifest.head().generation).toBe(1 + 3 * 2500)
    const third = await second.restart()
    const head = third.manifest.head()
    expect(third.manifest.check()).toEqual([])
    expect((await third.restart()).manifest.head()).toEqual(head)
  })
})

describe('options of a write', () => {
  it.each([
    { rows: -1 },
    { minTime: 2, maxTime: 1 },
    { maxTime: 0.5 },
    { namespace: '' },
    { metadata: { a: 1 } as never },
  ])('[A-06] %j is refused before a byte is written', async (options) => {
    const { files, objects } = await testNode()
    const before = objects.byKey.size
    await expect(files.write('a/x', 'x', options)).rejects.toMatchObject({ code: 'HF_OPTION_INVALID' })
    expect(objects.byKey.size).toBe(before)
  })
})

describe('reading', () => {
  /** Reads of listed files that failed, by what was wrong. */
  const unreadable = (node: HoldfastNode) =>
    Object.fromEntries(
      node.metrics
        .snapshot()
        .find(({ name }) => name === 'holdfast_files_unreadable_total')
        ?.series.map(({ labels, value }) => [labels.problem, value]) ?? [],
    )

  it('[B-12] missing bytes of a listed file are HF_BYTES_MISSING, and counted', async () => {
    const { node, files, objects } = await testNode()
    const entry = await files.write('a/x', 'x')
    expect(await read(files, 'a/x')).toBe('x')
    expect(unreadable(node)).toEqual({})
    objects.byKey.delete(entry.key)
    await expect(read(files, 'a/x')).rejects.toMatchObject({ code: 'HF_BYTES_MISSING' })
    await expect(files.read({ key: entry.key })).rejects.toMatchObject({ code: 'HF_BYTES_MISSING' })
    expect(unreadable(node)).toEqual({ missing: 2 })
  })

  it('[B-12] a file that is not listed is neither missing nor counted', async () => {
    const { node, files } = await testNode()
    await expect(read(files, 'a/x')).rejects.toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
    expect(unreadable(node)).toEqual({})
  })

  it('[B-12] changed bytes are HF_BYTES_CORRUPT at the end of the stream, whatever their size, and counted', async () => {
    const { node, files } = await testNode({
      backend: bentBackend((backend) => ({
        read: async (name: string, options: object) =>
          name.startsWith('a/') ? Readable.from([Buffer.from('xx')]) : backend.read(name, options),
      })),
    })
    await files.write('a/same-size', 'yy')
    await files.write('a/longer', 'yyy')
    await expect(read(files, 'a/same-size')).rejects.toMatchObject({ code: 'HF_BYTES_CORRUPT' })
    await expect(read(files, 'a/longer')).rejects.toMatchObject({ code: 'HF_BYTES_CORRUPT' })
    expect(unreadable(node)).toEqual({ corrupt: 2 })
  })

  it('[B-12] the last piece of changed bytes is never given', async () => {
    const { files } = await testNode({
      backend: bentBackend((backend) => ({
        read: async (name: string, options: object) =>
          name.startsWith('a/')
            ? Readable.from([Buffer.from('first'), Buffer.from('last')])
            : backend.read(name, options),
      })),
    })
    await files.write('a/x', 'firstlost')
    const seen: string[] = []
    await expect(async () => {
      for await (const piece of await files.read('a/x')) seen.push(Buffer.from(piece).toString())
    }).rejects.toMatchObject({ code: 'HF_BYTES_CORRUPT' })
    expect(seen).toEqual(['first'])
  })

  it.each([
    ['not_found', 'HF_BYTES_MISSING', 'missing'],
    ['corrupt', 'HF_BYTES_CORRUPT', 'corrupt'],
  ] as const)(
    '[B-12] a store that finds bytes %s in the middle of a read is %s',
    async (kind, code, problem) => {
      const { node, files } = await testNode({
        backend: bentBackend((backend) => ({
          read: async (name: string, options: object) =>
            name.startsWith('a/') ? failing(kind) : backend.read(name, options),
        })),
      })
      await files.write('a/x', 'xx')
      await expect(read(files, 'a/x')).rejects.toMatchObject({ code })
      expect(unreadable(node)).toEqual({ [problem]: 1 })
    },
  )

  async function* failing(kind: 'not_found' | 'corrupt') {
    yield Buffer.from('x')
    throw new HoldfastError('HF_BACKEND', 'as a test wants it', { kind, operation: 'backend.read' })
  }

  it('[M-13] an open read keeps the bytes from being erased until it ends', async () => {
    const { files, eraser, objects, clock } = await testNode({ erasing: true })
    const entry = await files.write('a/x', 'still here')
    const stream = await files.read('a/x')
    await files.delete('a/x', { delay: 0 })
    await eraser.drain()
    expect(objects.byKey.has(entry.key)).toBe(true)
    let text = ''
    for await (const piece of stream) text += Buffer.from(piece).toString()
    expect(text).toBe('still here')
    clock.setWall(clock.now() + 1000)
    await eraser.drain()
    expect(objects.byKey.has(entry.key)).toBe(false)
  })

  it('[M-13] a read that nobody begins does not hold its bytes', async () => {
    const { files, eraser, objects } = await testNode({ erasing: true })
    const { key: name } = await files.write('a/x', 'x')
    const stream = (await files.read('a/x'))[Symbol.asyncIterator]()
    await stream.return?.()
    await files.delete('a/x', { delay: 0 })
    await eraser.drain()
    expect(objects.byKey.has(name)).toBe(false)
  })

  it('[B-12] a checksum that cannot be computed here is said so', async () => {
    const { files, commit } = await testNode()
    await commit(register('a/x', { checksum: 'crc32c:e3069283' }))
    await expect(files.read('a/x')).rejects.toMatchObject({
      code: 'HF_UNSUPPORTED',
      context: { algorithm: 'crc32c' },
    })
  })

  it('[M-06] a list is in byte order of UTF-8 and goes on when files vanish between its pages', async () => {
    const { files, commit } = await testNode()
    const names = Array.from({ length: 1500 }, (_, index) => `l/${String(index).padStart(5, '0')}`)
    await commit(...names.slice(0, 1000).map((name) => register(name)))
    await commit(...names.slice(1000).map((name) => register(name)), register('l/\uffee'), register('l/😀'))
    const seen: string[] = []
    for await (const file of files.list({ prefix: 'l/' })) {
      seen.push(file.path)
      // The last one of the page in hand: the next page goes on behind it.
      if (file.path === 'l/00500') await files.delete('l/00749')
    }
    expect(seen).toEqual([...names, 'l/\uffee', 'l/😀'])
    expect(await listed(files, 'l/0000')).toHaveLength(10)
    expect(await listed(files, 'nothing')).toEqual([])
  })
})

describe('deleting and undoing', () => {
  it('[M-11] a deleted file is not listed and says until when it can come back', async () => {
    const { files } = await testNode({ eraseDelay: '2h' })
    const { key: name } = await files.write('a/x', 'x')
    await files.delete('a/x')
    expect(await files.stat('a/x')).toBeUndefined()
    await expect(files.read('a/x')).rejects.toMatchObject({
      code: 'HF_FILE_NOT_FOUND',
      context: { condemned: [{ key: name, until: T0 + 7_200_000 }] },
    })
    expect(await read(files, { key: name })).toBe('x')
    const condemned = []
    for await (const row of files.condemned()) condemned.push(row.key)
    expect(condemned).toEqual([name])
  })

  it('[M-13] undo brings the newest one back, whole', async () => {
    const { files } = await testNode()
    await files.write('a/x', 'one', { rows: 7 })
    await files.delete('a/x')
    await files.write('a/x', 'two')
    await files.delete('a/x')
    expect(await files.undo('a/x')).toMatchObject({ size: 3 })
    expect(await read(files, 'a/x')).toBe('two')
    await expect(files.undo('a/x')).rejects.toMatchObject({ code: 'HF_PATH_EXISTS' })
  })

  it('[M-13] undo is refused onto a path that was taken, for missing bytes, and for what never was', async () => {
    const { files, objects, commit } = await testNode()
    const one = await files.write('a/x', 'one')
    await files.delete('a/x')
    objects.byKey.delete(one.key)
    await expect(files.undo('a/x')).rejects.toMatchObject({ code: 'HF_BYTES_MISSING' })
    await expect(files.undo('a/nothing')).rejects.toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
    await files.write('b/x', 'two')
    await files.delete('b/x')
    await commit(register('b/x'))
    await expect(files.undo('b/x')).rejects.toMatchObject({ code: 'HF_PATH_EXISTS' })
  })

  it('[M-13] undo finds the condemned one behind many that are doomed', async () => {
    const { files, commit } = await testNode()
    const kept = await files.write('a/x', 'kept')
    await files.delete('a/x')
    for (let index = 0; index < 120; index++) {
      await commit(register('a/x', { key: `a/x${index}` }))
      await files.delete('a/x', { delay: 0 })
      await commit({ type: 'doom', key: key(`a/x${index}`) })
    }
    expect((await files.undo('a/x')).key).toBe(kept.key)
  })

  it('[M-13] a doomed file does not come back', async () => {
    const { files, commit } = await testNode()
    const { key: name } = await files.write('a/x', 'x')
    await files.delete('a/x', { delay: 0 })
    await commit({ type: 'doom', key: name })
    await expect(files.undo('a/x')).rejects.toMatchObject({ code: 'HF_DOOMED' })
    await expect(files.read({ key: name })).rejects.toMatchObject({ code: 'HF_DOOMED' })
  })

  it('[M-18] a delete of a file that changed under it is refused', async () => {
    const { files, manifest, commit } = await testNode()
    await commit(register('a/x'))
    const racing = files.delete('a/x')
    await commit({ type: 'condemn', key: key('a/x'), generation: 1, delay: 0, reason: 'other' })
    await racing.catch(() => undefined)
    expect(manifest.entry(path('a/x'))).toBeUndefined()
    await expect(files.delete('a/x')).rejects.toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
  })
})
