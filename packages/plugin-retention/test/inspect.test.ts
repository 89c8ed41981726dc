import { definePlugin, type FileTimes, type InspectedFile, type Plugin } from '@holdfast/core'
import { FaultPlan, withFaults } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { DAY, keptWarnings, NOW, newPlace, RAW, register, type TestNode, testNode } from './support.ts'

const OLD = NOW - 100 * DAY
const HOUR = 3_600_000

/** A plugin that reads a file whole and says of it what the test wants. */
function inspector(
  answer: (text: string, file: InspectedFile) => unknown = (text) => JSON.parse(text),
  id = 'inspector',
): Plugin {
  return definePlugin({
    name: `test-${id}`,
    id,
    version: '1.0.0',
    api: '1.0',
    setup: ({ hooks }) =>
      hooks.inspectFile.tap(async (file) => {
        const bytes = await file.read({ start: 0, end: file.size })
        return (await answer(Buffer.from(bytes).toString(), file)) as FileTimes | undefined
      }),
  })
}

const inspect = (test: TestNode, request: object = {}) =>
  test.node.jobs.run('retention-inspect', { act: true, ...request })
const write = (test: TestNode, path: string, says: object, facts = {}) =>
  test.node.files.write(path, JSON.stringify(says), facts)

describe('files whose times only their bytes know', () => {
  it('[R-11] are found, looked into, and expire by what is found there', async () => {
    const test = await testNode({ eraseDelay: '1h' }, [inspector()])
    await write(test, 'a/old', { minTime: OLD - 1, maxTime: OLD, rows: 7 })
    await write(test, 'a/new', { maxTime: NOW })
    await test.write('a/timed', OLD)
    expect((await test.node.jobs.run('retention', {})).planned.files).toBe(1)
    expect(await inspect(test)).toMatchObject({
      planned: { files: 2 },
      done: { files: 2 },
      outcome: { status: 'completed' },
    })
    const found = await test.node.files.stat('a/old')
    expect(found).toMatchObject({ minTime: OLD - 1, maxTime: OLD, rows: 7 })
    expect(found).not.toHaveProperty('timesFrom')
    await test.node.jobs.run('retention', { act: true })
    expect(test.listed()).toEqual(['a/new'])
    expect((await inspect(test)).planned.files).toBe(0)
  })

  it('[R-11] keep what a caller has said of them', async () => {
    const test = await testNode({}, [inspector()])
    const says = { minTime: 10, maxTime: 20, rows: 7 }
    await write(test, 'a/1', says, { minTime: 15, rows: 3 })
    await inspect(test)
    expect(await test.node.files.stat('a/1')).toMatchObject({ minTime: 15, maxTime: 20, rows: 3 })
    // A newest row before the oldest is no answer.
    await write(test, 'a/2', says, { minTime: 21 })
    expect(await inspect(test)).toMatchObject({
      done: { files: 0 },
      skipped: { 'contradicts what is listed': 1 },
    })
    expect(await test.node.files.stat('a/2')).not.toHaveProperty('maxTime')
  })

  it('[R-11] stay as they are when no plugin can tell, one fails, answers rubbish, or the bytes are not there', async () => {
    const { log, warnings } = keptWarnings()
    const faults = new FaultPlan()
    const place = { ...newPlace(), log, store: (backend: Plugin) => withFaults(backend, faults) }
    const answer = (text: string) => {
      if (text === '"throws"') throw new Error('no luck')
      return text === '"silent"' ? undefined : JSON.parse(text)
    }
    const test = await testNode({}, [inspector(answer)], place)
    await write(test, 'a/1', { maxTime: NOW })
    await write(test, 'a/2', 'silent' as never)
    await write(test, 'a/3', 'throws' as never)
    await write(test, 'a/4', { maxTime: 'yesterday' })
    await write(test, 'a/5', { rows: 1 })
    const gone = await write(test, 'a/6', { maxTime: OLD })
    test.objects.byKey.delete(gone.key)
    expect(await inspect(test)).toMatchObject({
      outcome: { status: 'completed' },
      done: { files: 1 },
      skipped: { 'no plugin can tell': 2, 'plugin inspector failed': 2, 'its bytes cannot be read': 1 },
    })
    expect(warnings).toContainEqual({ path: 'a/3', cause: 'failed: no luck' })
    const { kept } = await test.node.jobs.plan('retention')
    expect(kept).toEqual({ 'no known maxTime': 5 })
    const retention = test.node.service('retention')
    expect(await retention.inspect('a/3')).toEqual({
      status: 'failed',
      by: 'inspector',
      why: 'failed: no luck',
    })
    expect(await retention.inspect('a/2')).toEqual({ status: 'unknown' })
    await expect(retention.inspect('a/none')).rejects.toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
  })

  it('[R-11] get no times that were read from a file that is not the same any more', async () => {
    let meanwhile = async (_path: string) => undefined as unknown
    const slow = inspector(async (text, { path }) => {
      await meanwhile(path)
      return JSON.parse(text)
    })
    const test = await testNode({ eraseDelay: '1h' }, [slow])
    for (const path of ['a/1', 'a/2', 'a/3', 'a/4']) await write(test, path, { maxTime: OLD })
    const plan = await test.node.jobs.plan('retention-inspect')
    await write(test, 'a/1', { maxTime: NOW })
    meanwhile = async (path) => {
      if (path === 'a/2') await test.node.files.write(path, 'other')
      if (path === 'a/4') await test.node.files.update(path, { maxTime: NOW })
    }
    const run = await inspect(test, { plan: plan.id })
    expect(run).toMatchObject({ done: { files: 1 }, skipped: { changed: 2, absent: 1 } })
    expect(await test.node.files.stat('a/4')).toMatchObject({ maxTime: NOW })
    expect(await test.node.files.stat('a/2')).not.toHaveProperty('maxTime')
  })

  it('[R-14] a plan of them reads no file and changes nothing', async () => {
    let asked = 0
    const test = await testNode({}, [inspector(() => void asked++)])
    await write(test, 'a/1', { maxTime: OLD })
    const before = test.manifest.head()
    for (const _ of [1, 2]) expect((await test.node.jobs.plan('retention-inspect')).totals.files).toBe(1)
    expect(test.manifest.head()).toEqual(before)
    expect(asked).toBe(0)
  })

  it('[R-11] where nobody taps inspectFile they are counted, and nothing is looked for', async () => {
    const test = await testNode()
    await test.write('a/1')
    expect(await inspect(test)).toMatchObject({
      planned: { files: 0 },
      kept: { 'no plugin taps inspectFile': 1 },
    })
  })

  it('[R-21] are looked into when somebody asks, or by a schedule of their own', async () => {
    const test = await testNode({ inspectSchedule: '0 3 * * *', eraseDelay: '1h' }, [inspector()])
    await write(test, 'a/1', { maxTime: NOW })
    await test.clock.advance(2 * HOUR)
    expect(await test.node.jobs.history('retention-inspect')).toEqual([])
    await test.clock.advance(HOUR)
    await expect.poll(async () => (await test.node.files.stat('a/1'))?.maxTime).toBe(NOW)
    for (const request of [{ folder: 'a' }, { prefix: 1 }])
      await expect(inspect(test, request)).rejects.toMatchObject({ code: 'HF_REQUEST_INVALID' })
  })

  it('[R-10] a cancelled run ends in the middle of a chunk, and takes nothing over of it', async () => {
    const cancel = new AbortController()
    const test = await testNode({}, [
      inspector((text) => {
        cancel.abort()
        return JSON.parse(text)
      }),
    ])
    for (let at = 0; at < 20; at++) await write(test, `a/${at}`, { maxTime: NOW })
    const { signal } = cancel
    expect(await test.node.jobs.run('retention-inspect', { act: true }, { signal })).toMatchObject({
      outcome: { status: 'aborted', reason: 'cancelled' },
      done: { files: 0 },
    })
    expect((await inspect(test)).done.files).toBe(20)
  })
})

describe('those of which no plugin can tell', () => {
  /** A node whose plugin reads each file that it is asked about, and what it has read. */
  async function reading(answer: (text: string) => unknown, place = newPlace()) {
    const read: string[] = []
    const plugin = inspector((text, { path }) => {
      read.push(path)
      return answer(text)
    })
    const test = await testNode({}, [plugin], place)
    const readBy = async (request: object = {}) => {
      read.length = 0
      const run = await inspect(test, request)
      expect(run.outcome).toEqual({ status: 'completed' })
      return { read: read.toSorted(), run }
    }
    return { test, readBy }
  }
  const silent = () => undefined

  it('[R-15] are read once, not in each round', async () => {
    const { test, readBy } = await reading(silent)
    const paths = Array.from({ length: 30 }, (_, at) => `a/${10 + at}`)
    for (const path of paths) await test.node.files.write(path, 'what is this?')
    const first = await readBy()
    expect(first.read).toEqual(paths)
    expect(first.run.skipped).toEqual({ 'no plugin can tell': 30 })
    for (const _ of [1, 2, 3]) {
      const again = await readBy()
      expect(again.read).toEqual([])
      expect(again.run).toMatchObject({ planned: { files: 0 }, kept: { 'asked about before': 30 } })
    }
  })

  it('[R-15] so are those of which no more than the rows is known, or what cannot be', async () => {
    const { test, readBy } = await reading((text) => JSON.parse(text))
    await write(test, 'a/1', { rows: 1 })
    await write(test, 'a/2', { maxTime: 20 }, { minTime: 21 })
    expect((await readBy()).read).toEqual(['a/1', 'a/2'])
    expect((await readBy()).read).toEqual([])
    // What contradicted the answer is another one now.
    await test.node.files.update('a/2', { minTime: 19 })
    expect((await readBy()).read).toEqual(['a/2'])
    expect(await test.node.files.stat('a/2')).toMatchObject({ minTime: 19, maxTime: 20 })
  })

  it('[R-15] are asked about again when they were written anew, and when their prefix is given', async () => {
    const { test, readBy } = await reading(silent)
    for (const path of ['a/1', 'a/2', 'b/1']) await test.node.files.write(path, 'old')
    await readBy()
    await test.node.files.write('a/2', 'new')
    await test.node.files.write('b/2', 'new')
    expect((await readBy()).read).toEqual(['a/2', 'b/2'])
    expect((await readBy({ prefix: 'a/' })).read).toEqual(['a/1', 'a/2'])
    expect((await readBy()).read).toEqual([])
  })

  it('[R-11] a plugin that failed is asked again in each round', async () => {
    let broken = true
    const { test, readBy } = await reading(() => {
      if (broken) throw new Error('not today')
      return { maxTime: NOW }
    })
    await test.node.files.write('a/1', 'text')
    for (const _ of [1, 2]) expect((await readBy()).read).toEqual(['a/1'])
    broken = false
    expect((await readBy()).run.done.files).toBe(1)
  })

  it('[R-11] a plugin that a node has from its next start on is asked about all of them', async () => {
    const place = newPlace()
    const { test, readBy } = await reading(silent, place)
    for (const path of ['a/1', 'a/2']) await test.node.files.write(path, 'text')
    await readBy()
    expect((await readBy()).read).toEqual([])
    await test.node.stop()
    const next = await reading(() => ({ maxTime: NOW }), place)
    expect((await next.readBy()).run.done.files).toBe(2)
  })
})

describe('looking for them', () => {
  /** Counts the entries that are read. */
  function counting(test: TestNode): () => number {
    let read = 0
    const original = test.manifest.entries.bind(test.manifest)
    Object.assign(test.manifest, {
      entries: (query: Parameters<typeof original>[0]) => {
        const page = original(query)
        read += page.items.length
        return page
      },
    })
    return () => {
      const so = read
      read = 0
      return so
    }
  }

  it('[R-15] costs nothing while all have times, and looks at a part of a large manifest at a time', async () => {
    const test = await testNode({ policies: [RAW] }, [inspector(() => ({ maxTime: NOW }))])
    await register(test, 100_200, NOW, 'many')
    const read = counting(test)
    expect((await inspect(test)).planned.files).toBe(0)
    expect(read()).toBe(0)
    await test.write('a/1')
    await test.write('z/1')
    expect((await inspect(test)).done.files).toBe(1)
    expect(read()).toBe(100_000)
    // From a/1 on: as many again, then what is behind them, and from the first one on.
    expect((await inspect(test)).planned.files).toBe(0)
    expect(read()).toBe(100_000)
    expect((await inspect(test)).done.files).toBe(1)
    expect(read()).toBeLessThanOrEqual(100_000)
    await test.write('m/1')
    await test.write('many/zz')
    expect((await inspect(test, { prefix: 'many/z' })).done.files).toBe(1)
    expect(read()).toBe(1)
  }, 60_000)

  it('[R-15] goes on behind those that were acted on, and round again', async () => {
    const order: string[] = []
    const failing = inspector((_text, { path }) => {
      order.push(path)
      throw new Error('ask again')
    })
    const test = await testNode({}, [failing])
    for (const name of ['a', 'b', 'c', 'd']) await test.write(`x/${name}`)
    const run = await inspect(test, { cap: 0 })
    expect(run).toMatchObject({ planned: { files: 4 }, done: { files: 0 } })
    expect(order).toEqual([])
    await inspect(test, { prefix: 'x/b' })
    expect(order).toEqual(['x/b'])
    const plan = await test.node.jobs.plan('retention-inspect')
    expect((await plan.all()).map(({ path }) => path)).toEqual(['x/c', 'x/d', 'x/a', 'x/b'])
  })
})
