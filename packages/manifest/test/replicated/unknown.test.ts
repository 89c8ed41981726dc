import { createIds, systemClock } from '@holdfast/core'
import type { ClusterNode, MemoryCluster } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { path, read, register } from '../support.ts'
import { failure, manifestOf, nodesOf, opened, testCluster } from './support.ts'

/** How long an outcome is looked for, ms. */
const LIMIT = 30_000
const batchId = () => createIds(systemClock).next()

/** Cuts a node off in the moment in which its next append has left it. */
function cutInDoubt(cluster: MemoryCluster, node: ClusterNode) {
  let cut: Disposable | undefined
  const { held, land } = cluster.log.holdAppend(() => {
    cut = node.partition()
  })
  return { held, land, heal: () => cut?.[Symbol.dispose]() }
}

/** Moves a node's clock on until the promise is settled. */
async function settled<T>(node: ClusterNode, promise: Promise<T>): Promise<T> {
  let done = false
  const end = () => {
    done = true
  }
  promise.then(end, end)
  for (let spent = 0; !done && spent < 4 * LIMIT; spent += 1000) await node.clock.advance(1000)
  return promise
}

describe('a commit whose outcome is not known', () => {
  it('[M-16] ends in HF_COMMIT_UNKNOWN with its id, and was done: resolved when the log is back', async () => {
    const cluster = await testCluster()
    const [one] = nodesOf(cluster)
    const doubt = cutInDoubt(cluster, one)
    const id = batchId()
    const failed = failure(manifestOf(one).commit({ id, ops: [register('a')] }))
    await doubt.held
    expect(doubt.land()).toBe(true)
    expect(await settled(one, failed)).toMatchObject({ code: 'HF_COMMIT_UNKNOWN', context: { id } })
    expect((await failure(manifestOf(one).resolve(id))).code).toBe('HF_LOG_UNAVAILABLE')
    doubt.heal()
    expect(await manifestOf(one).resolve(id)).toMatchObject({
      status: 'committed',
      id,
      position: { index: 1 },
    })
    expect(await manifestOf(one).commit({ id, ops: [register('a')] })).toMatchObject({ status: 'repeated' })
    expect(cluster.log.head.index).toBe(1)
  })

  it('[M-16] resolved as not done stays so, however late its append arrives', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    const doubt = cutInDoubt(cluster, one)
    const id = batchId()
    const failed = failure(manifestOf(one).commit({ id, ops: [register('a')] }))
    await doubt.held
    expect(await settled(one, failed)).toMatchObject({ code: 'HF_COMMIT_UNKNOWN' })
    doubt.heal()
    // Nobody else commits anything: resolving takes the place itself.
    expect(await manifestOf(one).resolve(id)).toBeUndefined()
    expect(doubt.land()).toBe(false)
    await cluster.settle()
    expect(manifestOf(two).entry(path('a'))).toBeUndefined()
  })

  it('[M-16] a batch that is committed again by its id while the first is on its way is done once', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    const doubt = cutInDoubt(cluster, one)
    const id = batchId()
    const failed = failure(manifestOf(one).commit({ id, ops: [register('a')] }))
    await doubt.held
    expect(await settled(one, failed)).toMatchObject({ code: 'HF_COMMIT_UNKNOWN' })
    expect(doubt.land()).toBe(true)
    // On a node that has not heard of the first: apply drops the second.
    const again = await manifestOf(two).commit({ id, ops: [register('b')] })
    expect(again).toMatchObject({ position: { index: 1 } })
    doubt.heal()
    await cluster.settle()
    expect(manifestOf(two).entry(path('b'))).toBeUndefined()
    expect(manifestOf(one).entry(path('a'))).toBeDefined()
  })

  it('[M-16] whose answer is lost while the log can be reached is answered all the same', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    const held = cluster.log.holdAppend()
    expect(await manifestOf(one).commit({ ops: [register('a')] })).toMatchObject({ status: 'committed' })
    expect(held.land()).toBe(false)
    cluster.log.loseAnswers(2)
    const both = [
      manifestOf(one).commit({ ops: [register('b')] }),
      manifestOf(two).commit({ ops: [register('c')] }),
    ]
    for (const result of await Promise.all(both))
      expect(result).toMatchObject({ outcomes: [{ status: 'done' }] })
    await cluster.settle()
    expect(manifestOf(one).head().generation).toBe(3)
  })
})

describe('a write whose register is in doubt', () => {
  async function writing() {
    const cluster = await testCluster({ erasing: true })
    const [one, two] = nodesOf(cluster)
    await cluster.appoint('primary', one)
    await cluster.appoint('sweeper', one)
    await cluster.settle()
    const doubt = cutInDoubt(cluster, one)
    const failed = failure(one.node.files.write('a', 'bytes'))
    await doubt.held
    return { cluster, one, two, doubt, failed }
  }
  const keys = (node: ClusterNode) => [...node.objects.byKey.keys()].filter((key) => key.startsWith('a'))

  it('[M-16] keeps its bytes and its pending row as long as nobody can tell', async () => {
    const { one, doubt, failed } = await writing()
    expect(await settled(one, failed)).toMatchObject({ code: 'HF_COMMIT_UNKNOWN' })
    await one.clock.advance(10 * LIMIT)
    expect(keys(one)).toHaveLength(1)
    expect(opened(one).pending.page()).toHaveLength(1)
    doubt.heal()
  })

  it('[M-16] that was done after all is a file like any other', async () => {
    const { cluster, one, doubt, failed } = await writing()
    expect(doubt.land()).toBe(true)
    await settled(one, failed)
    doubt.heal()
    await one.clock.advance(10 * LIMIT)
    await cluster.settle()
    await one.node.eraser.drain()
    expect(await read(one.node.files, 'a')).toBe('bytes')
    expect(opened(one).pending.page()).toEqual([])
  })

  it('[M-16] that was not done loses its bytes to the eraser, by records, and cannot be done any more', async () => {
    const { cluster, one, doubt, failed } = await writing()
    await settled(one, failed)
    doubt.heal()
    await one.clock.advance(10 * LIMIT)
    await cluster.settle()
    await one.node.eraser.drain()
    expect(keys(one)).toEqual([])
    expect(doubt.land()).toBe(false)
    expect(manifestOf(one).entry(path('a'))).toBeUndefined()
    expect(opened(one).pending.page()).toEqual([])
  })

  it('[M-16] across a kill: the next life asks the log before it touches the bytes', async () => {
    const { cluster, one, doubt } = await writing()
    expect(doubt.land()).toBe(true)
    await one.kill()
    doubt.heal()
    await one.start()
    await cluster.settle()
    await expect.poll(() => opened(one).pending.page()).toEqual([])
    expect(await read(one.node.files, 'a')).toBe('bytes')
  })
})

describe('a stop', () => {
  it('[M-16] does not wait for an outcome that is not known: the caller gets HF_COMMIT_UNKNOWN', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    const doubt = cutInDoubt(cluster, one)
    const failed = failure(manifestOf(one).commit({ ops: [register('a')] }))
    await doubt.held
    await one.stop()
    expect(await failed).toMatchObject({ code: 'HF_COMMIT_UNKNOWN' })
    expect(doubt.land()).toBe(true)
    await cluster.settle()
    expect(manifestOf(two).entry(path('a'))).toBeDefined()
  })

  it('[M-16] nor does a caller who cancels; what had left is done or not, and its id tells', async () => {
    const cluster = await testCluster()
    const [one] = nodesOf(cluster)
    const doubt = cutInDoubt(cluster, one)
    const id = batchId()
    const patience = new AbortController()
    const failed = failure(manifestOf(one).commit({ id, ops: [register('a')] }, { signal: patience.signal }))
    await doubt.held
    // Behind one that is in doubt: it has not left yet.
    const queued = failure(manifestOf(one).commit({ ops: [register('b')] }, { signal: patience.signal }))
    await new Promise((resolve) => setImmediate(resolve))
    patience.abort(new Error('no patience'))
    expect(await failed).toMatchObject({ code: 'HF_COMMIT_UNKNOWN', context: { id } })
    expect(await queued).toMatchObject({ message: 'no patience' })
    doubt.heal()
    await one.clock.advance(2 * LIMIT)
    expect(await manifestOf(one).resolve(id)).toMatchObject({ status: 'committed' })
    expect(manifestOf(one).entry(path('b'))).toBeUndefined()
  })
})
