import { describe, expect, it } from 'vitest'
import { recorder } from '../consumers/recorder.ts'
import { path, read, register } from '../support.ts'
import { failure, manifestOf, nodesOf, opened, shared, testCluster } from './support.ts'

const ERASE = { action: 'erase', actor: 'node' } as const
const CONDEMN = { action: 'condemn', actor: 'user' } as const

describe('a record that a node cannot apply', () => {
  it('[M-16] a local apply that fails stops apply and closes the gate; the next start goes on', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    await cluster.appoint('primary', two)
    await cluster.settle()
    let failed = false
    const call = () => {
      failed = true
      throw new Error('a broken disk')
    }
    two.failpoints.arm('manifest.commit.inside', { kind: 'callback', call })
    await manifestOf(one).commit({ ops: [register('a')] })
    await expect.poll(() => failed).toBe(true)
    // It is not tried again: that would only come back, or hide it.
    for (let at = 0; at < 5; at++) await two.clock.advance(10_000)
    expect(manifestOf(two).head().position.index).toBe(1)
    expect(await failure(manifestOf(two).barrier())).toMatchObject({ code: 'HF_COMMIT_FAILED' })
    await manifestOf(one).commit({ ops: [register('b')] })
    expect(manifestOf(two).head().position.index).toBe(1)
    expect(await two.node.gate.check(CONDEMN)).toMatchObject({ allowed: false, reason: 'corrupt' })
    await two.stop()
    await two.start()
    await cluster.settle()
    expect(manifestOf(two).head()).toEqual(manifestOf(one).head())
    expect(await two.node.gate.check(CONDEMN)).toMatchObject({ allowed: true, role: 'primary', epoch: 1 })
  })

  it('[M-16] a commit that is in the log and cannot be applied here is unknown, not done twice', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    one.failpoints.arm('manifest.commit.inside', { kind: 'error' })
    const error = await failure(manifestOf(one).commit({ ops: [register('a')] }))
    expect(error).toMatchObject({ code: 'HF_COMMIT_UNKNOWN', context: { id: expect.any(String) } })
    await one.stop()
    await one.start()
    expect(await manifestOf(one).resolve(error.context.id as string)).toMatchObject({ status: 'committed' })
    expect(cluster.log.head.index).toBe(1)
    expect(await manifestOf(two).resolve(error.context.id as string)).toMatchObject({ status: 'committed' })
  })
})

describe('a follower that is killed', () => {
  it.each([
    'manifest.commit.before',
    'manifest.commit.inside',
    'manifest.commit.after',
    'hook.cursor.before',
    'hook.cursor.after',
  ] as const)(
    '[X-01] at %s, twice, ends as one that nobody killed, and its tap has seen every record',
    async (point) => {
      const taps = new Map<string, ReturnType<typeof recorder>>()
      const cluster = await testCluster({
        extra({ id }) {
          const tap = taps.get(id) ?? recorder('tap')
          taps.set(id, tap)
          return [tap.plugin]
        },
      })
      const [one, two] = nodesOf(cluster)
      await cluster.settle()
      for (let life = 0; life < 2; life++) {
        let killed: Promise<void> | undefined
        const call = () => {
          killed = two.kill()
          throw new Error('killed')
        }
        two.failpoints.arm(point, { kind: 'callback', call })
        for (const name of ['a', 'b', 'c'])
          await manifestOf(one).commit({ ops: [register(`${name}${life}`), register(`${name}${life}-too`)] })
        // Cursors are saved now and then.
        await expect
          .poll(async () => {
            if (two.running) await two.clock.advance(10_000)
            return killed !== undefined
          })
          .toBe(true)
        await killed
        await two.start()
        await cluster.settle()
      }
      expect(manifestOf(two).head()).toEqual(manifestOf(one).head())
      expect(manifestOf(two).contentDigest()).toBe(manifestOf(one).contentDigest())
      expect(manifestOf(two).check()).toEqual([])
      await one.node.hooks.drain()
      await two.node.hooks.drain()
      const ids = (node: string) => [...new Set(taps.get(node)!.batches.map(({ id }) => id))]
      expect(ids('node-2')).toEqual(ids('node-1'))
      expect(ids('node-1').length).toBeGreaterThanOrEqual(6)
    },
  )
})

describe('a log that is not the log that it was', () => {
  it('[M-20] goes back in time: noticed at once, apply stops, the gate denies and names the remedy', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    await cluster.appoint('primary', one)
    await manifestOf(one).commit({ ops: [register('a')] })
    await manifestOf(one).commit({ ops: [register('b')] })
    await cluster.settle()
    cluster.log.dropNewest(1)
    for (const node of [one, two])
      await expect.poll(() => shared(node).follower.stopped?.code).toBe('HF_LOG_DIVERGED')
    expect(await failure(manifestOf(one).commit({ ops: [register('c')] }))).toMatchObject({
      code: 'HF_LOG_DIVERGED',
    })
    expect(await one.node.gate.check(CONDEMN)).toMatchObject({
      allowed: false,
      reason: 'state_diverged',
      message: expect.stringContaining('put log and data folder back from the same moment'),
    })
    expect(manifestOf(one).entry(path('b'))).toBeDefined()
    expect(cluster.log.head.index).toBe(2)
  })

  it('[M-20] goes back and grows again while a node is away: noticed when it reconnects', async () => {
    const cluster = await testCluster()
    const [one, two, three] = nodesOf(cluster)
    for (const name of ['a', 'b', 'c']) await manifestOf(one).commit({ ops: [register(name)] })
    // The third node has not seen what will be lost.
    await cluster.settle()
    await three.stop()
    await manifestOf(one).commit({ ops: [register('lost')] })
    await cluster.settle()
    {
      using _cut = two.partition()
      await one.stop()
      cluster.log.dropNewest(1)
      await three.start()
      await manifestOf(three).commit({ ops: [register('other')] })
      await manifestOf(three).commit({ ops: [register('another')] })
    }
    await two.clock.advance(60_000)
    await expect.poll(() => shared(two).follower.stopped?.code).toBe('HF_LOG_DIVERGED')
    await one.start()
    await expect.poll(() => shared(one).follower.stopped?.code).toBe('HF_LOG_DIVERGED')
    expect(manifestOf(one).entry(path('other'))).toBeUndefined()
    expect(await one.node.gate.check(ERASE)).toMatchObject({ reason: 'state_diverged' })
  })

  it('[M-20] was re-created: noticed at the start, whatever it holds', async () => {
    const cluster = await testCluster()
    const [one, two, three] = nodesOf(cluster)
    await manifestOf(one).commit({ ops: [register('a')] })
    await cluster.settle()
    for (const node of [one, two, three]) await node.stop()
    cluster.log.recreate()
    await one.start()
    await expect.poll(() => shared(one).follower.stopped?.code).toBe('HF_LOG_DIVERGED')
    expect(manifestOf(one).entry(path('a'))).toBeDefined()
  })
})

describe('a node that cannot hear the log', () => {
  it('[M-16] reads go on, commits are unavailable, and it catches up by itself', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    await manifestOf(one).commit({ ops: [register('a')] })
    await cluster.settle()
    {
      using _cut = two.partition()
      await manifestOf(one).commit({ ops: [register('b')] })
      expect(manifestOf(two).entry(path('a'))).toBeDefined()
      expect(manifestOf(two).entry(path('b'))).toBeUndefined()
      expect((await failure(manifestOf(two).barrier())).code).toBe('HF_LOG_UNAVAILABLE')
      expect(await failure(manifestOf(two).commit({ ops: [register('c')] }))).toMatchObject({
        code: 'HF_COMMIT_FAILED',
        retryable: true,
      })
      await expect.poll(() => two.node.gate.check(ERASE)).toMatchObject({ reason: 'manifest_behind' })
    }
    await two.clock.advance(60_000)
    await expect.poll(() => manifestOf(two).entry(path('b'))).toBeDefined()
  })

  it('[M-16] starts, serves what it has, and ends its unfinished writes when the log is back', async () => {
    const cluster = await testCluster()
    const [one] = nodesOf(cluster)
    await one.node.files.write('a', 'bytes')
    one.failpoints.arm('files.write.stored', { kind: 'error' })
    const cut = one.partition()
    expect((await failure(one.node.files.write('b', 'bytes'))).code).toBe('HF_FAILPOINT')
    expect(opened(one).pending.page()).toHaveLength(1)
    await one.stop()
    await one.start()
    expect(await read(one.node.files, 'a')).toBe('bytes')
    cut[Symbol.dispose]()
    await one.clock.advance(60_000)
    await expect.poll(() => opened(one).pending.page()).toEqual([])
  })
})
