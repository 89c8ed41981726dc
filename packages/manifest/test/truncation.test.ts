import { LOG_START, type Log, type Position } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { recorder } from './consumers/recorder.ts'
import { openedOf } from './opened.ts'
import { condemn, countRows, doom, register, type TestNode, testNode } from './support.ts'

/** How often the job looks, ms. */
const LOOK = 10_000

/** Commits this many records. */
async function fill({ commit }: TestNode, count: number, from = 0): Promise<void> {
  for (let at = from; at < from + count; at++) await commit(register(`f${at}`))
}

/** Lets the job look once, and gives the floor afterwards. */
async function look(test: TestNode): Promise<number> {
  await openedOf(test.node).truncation.run()
  return floorOf(test)
}

const floorOf = (test: TestNode) => openedOf(test.node).records.floor().index

const consumer = (test: TestNode, plugin: string) =>
  test.node.hooks.status().consumers.find((one) => one.plugin === plugin && one.hook === 'onManifestBatch')

async function texts(log: Pick<Log, 'read'>, after: Position): Promise<number[]> {
  const found: number[] = []
  for await (const page of log.read(after)) found.push(...page.map(({ position }) => position.index))
  return found
}

describe('truncation', () => {
  it('[M-09] keeps what it is told to keep, and goes on where it stopped', async () => {
    const test = await testNode({ logKeep: 50 })
    await fill(test, 60)
    expect(await look(test)).toBe(10)
    // More than one step.
    await fill(test, 400, 60)
    expect(await look(test)).toBe(410)
    const { node } = await test.restart()
    const { records, reader } = openedOf(node)
    expect(records.floor()).toEqual({ term: 1, index: 410 })
    expect(await texts(reader, records.floor())).toEqual(Array.from({ length: 50 }, (_, at) => 411 + at))
  })

  it('[M-09] happens by itself', async () => {
    const test = await testNode({ logKeep: 50 })
    await fill(test, 60)
    await test.clock.advance(LOOK)
    await expect.poll(() => floorOf(test)).toBe(10)
    await fill(test, 60, 60)
    await expect
      .poll(async () => {
        await test.clock.advance(LOOK)
        return floorOf(test)
      })
      .toBe(70)
  })

  it('[M-08] whoever reads below the floor is told so, with the floor', async () => {
    const test = await testNode({ logKeep: 5 })
    await fill(test, 20)
    expect(await look(test)).toBe(15)
    const { reader } = openedOf(test.node)
    const floor = { term: 1, index: 15 }
    for (const after of [LOG_START, { term: 1, index: 14 }])
      await expect(texts(reader, after)).rejects.toMatchObject({ code: 'HF_LOG_GAP', context: { floor } })
    expect(await texts(reader, floor)).toEqual([16, 17, 18, 19, 20])
  })

  it('[M-09] never passes the durable cursor of the slowest tap, here or away', async () => {
    let broken = true
    const slow = recorder('slow', {
      act: (event) => {
        if ('position' in event && event.position.index > 7 && broken) throw new Error('broken')
      },
    })
    const first = await testNode({ logKeep: 0, plugins: [recorder('quick').plugin, slow.plugin] })
    await fill(first, 20)
    await first.node.hooks.drain()
    expect(await look(first)).toBe(7)
    const away = await first.restart({ plugins: [] })
    await fill(away, 20, 20)
    expect(await look(away)).toBe(7)
    broken = false
    const back = await away.restart({ plugins: [slow.plugin] })
    await back.node.hooks.forget('quick')
    back.node.hooks.retry()
    await back.node.hooks.drain()
    const seen = new Set(slow.batches.map(({ position }) => position.index))
    expect([...seen]).toEqual(Array.from({ length: 40 }, (_, at) => at + 1))
    expect(slow.resets).toEqual([])
    expect(await look(back)).toBe(40)
  })

  it('[M-09] a cursor that is not durable yet holds the log back', async () => {
    const tap = recorder('tap')
    const test = await testNode({ logKeep: 0, plugins: [tap.plugin] })
    await fill(test, 5)
    await test.node.hooks.drain()
    test.failpoints.arm('hook.cursor.before', { kind: 'error' }, { times: Number.POSITIVE_INFINITY })
    await fill(test, 5, 5)
    await expect.poll(() => tap.batches.length).toBe(10)
    expect(consumer(test, 'tap')?.cursor.position.index).toBe(10)
    expect(await look(test)).toBe(5)
  })

  it('[M-20] a manifest whose log is truncated to its head opens, and goes on', async () => {
    const first = await testNode({ logKeep: 0 })
    await fill(first, 5)
    expect(await look(first)).toBe(5)
    const second = await first.restart()
    await fill(second, 3, 5)
    expect(second.manifest.head().position).toEqual({ term: 1, index: 8 })
    expect(second.manifest.check()).toEqual([])
  })

  it('[M-09] a step that fails leaves floor and records as they were', async () => {
    const test = await testNode({ logKeep: 0 })
    await fill(test, 5)
    {
      using _fail = test.failpoints.arm('manifest.commit.inside', { kind: 'error' })
      expect(await look(test)).toBe(0)
    }
    expect(await texts(openedOf(test.node).reader, LOG_START)).toEqual([1, 2, 3, 4, 5])
    expect(await look(test)).toBe(5)
  })

  it('[M-09] does its work in small transactions, between which others commit', async () => {
    const test = await testNode({ logKeep: 0 })
    await fill(test, 350)
    const passed = test.failpoints.census()
    expect(await look(test)).toBe(350)
    expect([passed.get('log.truncate.before'), passed.get('log.truncate.after')]).toEqual([4, 4])
  })
})

describe('a tap that is further behind than the ceiling', () => {
  /** A node on which a tap was away for 30 records, with a ceiling of 20. */
  async function left() {
    const tap = recorder('tap')
    const options = { logKeep: 5, tapCeiling: 20 }
    const first = await testNode({ ...options, plugins: [tap.plugin] })
    await fill(first, 2)
    await first.node.hooks.drain()
    const away = await first.restart({ plugins: [] })
    return { tap, away }
  }

  it('[K-14] is warned by its status, then left behind, then gets one reset and what the log still holds', async () => {
    const { tap, away } = await left()
    await fill(away, 15, 2)
    expect(consumer(away, 'tap')).toMatchObject({ state: 'absent', lag: 15, untilReset: 5 })
    expect(await look(away)).toBe(2)
    await fill(away, 5, 17)
    expect(consumer(away, 'tap')).toMatchObject({ lag: 20, untilReset: 0 })
    expect(await look(away)).toBe(2)
    await fill(away, 10, 22)
    expect(await look(away)).toBe(27)
    const back = await away.restart({ plugins: [tap.plugin] })
    await back.node.hooks.drain()
    expect(tap.resets).toEqual([{ type: 'reset', reason: 'truncated', position: { term: 1, index: 27 } }])
    expect(tap.batches.map(({ position }) => position.index)).toEqual([1, 2, 28, 29, 30, 31, 32])
    expect(consumer(back, 'tap')).toMatchObject({ lag: 0, untilReset: 20 })
    await fill(back, 1, 32)
    await back.node.hooks.drain()
    expect(tap.resets).toHaveLength(1)
    expect(tap.batches.at(-1)?.position.index).toBe(33)
  })

  it('[K-14] gets the reset again when it fails at it', async () => {
    const { away } = await left()
    await fill(away, 30, 2)
    await look(away)
    let failing = true
    const tap = recorder('tap', {
      act: (event) => {
        if ('type' in event && event.type === 'reset' && failing) throw new Error('broken')
      },
    })
    const back = await away.restart({ plugins: [tap.plugin] })
    await back.node.hooks.drain()
    failing = false
    back.node.hooks.retry()
    await back.node.hooks.drain()
    expect(tap.resets).toHaveLength(2)
    expect(tap.batches.map(({ position }) => position.index)).toEqual([28, 29, 30, 31, 32])
  })

  it('[K-09] gets every file that was deleted, also those of records that are gone', async () => {
    const { tap, away } = await left()
    const generation = away.manifest.head().generation
    await away.commit(condemn('f0', 1), condemn('f1', 2))
    await away.commit(doom('f0'))
    await away.commit(doom('f1'))
    expect(away.manifest.head().generation).toBe(generation + 4)
    await fill(away, 30, 2)
    expect(await look(away)).toBe(30)
    const back = await away.restart({ plugins: [tap.plugin] })
    await back.node.hooks.drain()
    expect(tap.deleted.map(({ key, path }) => [key, path])).toEqual([
      ['f0', 'f0'],
      ['f1', 'f1'],
    ])
    expect(tap.resets).toHaveLength(1)
  })

  it('[K-14] what was kept beside the records that are gone goes with them', async () => {
    const { away } = await left()
    await fill(away, 30, 2)
    expect(await look(away)).toBe(27)
    await away.node.stop()
    // Outcomes, deletions, and the log itself.
    expect(await countRows(away.dataDir, 'O', 'D', 'L')).toEqual([5, 0, 5])
  })
})
