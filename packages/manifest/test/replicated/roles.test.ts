import { type Fence, Rendezvous } from '@holdfast/core'
import type { ClusterNode } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { recorder } from '../consumers/recorder.ts'
import { condemn, doom, FENCE, key, listed, path, register } from '../support.ts'
import { failure, manifestOf, nodesOf, opened, testCluster } from './support.ts'

const CONDEMN = { action: 'condemn', actor: 'user' } as const
const ERASE = { action: 'erase', actor: 'node' } as const

const allowed = async (node: ClusterNode, request: typeof CONDEMN | typeof ERASE = CONDEMN) =>
  (await node.node.gate.check(request)).allowed

/** The fence that a node acts under now. */
async function fenceOf(node: ClusterNode): Promise<Fence> {
  const { role, epoch } = await node.node.gate.check(CONDEMN)
  return { role, epoch }
}

const MINUTE_MS = 60_000

describe('who may destroy on nodes that share a log', () => {
  it('[G-07] nobody, before a record says who', async () => {
    const cluster = await testCluster()
    for (const node of cluster.nodes) {
      expect(await node.node.gate.check(CONDEMN)).toMatchObject({
        allowed: false,
        by: 'roles',
        role: 'member',
        epoch: 0,
      })
      expect(await allowed(node, ERASE)).toBe(false)
    }
    const [one] = nodesOf(cluster)
    await manifestOf(one).commit({ ops: [register('a')] })
    // Nor under the fence of a node that has no roles.
    const generation = manifestOf(one).head().generation
    const result = await manifestOf(one).commit({ ops: [condemn('a', generation)], fence: FENCE })
    expect(result).toMatchObject({ status: 'rejected', reason: 'fenced' })
  })

  it('[G-07] the holder, once it has applied the record of its own tenure, and not before', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    {
      using _cut = two.partition()
      await cluster.appoint('primary', two, one)
      expect(await allowed(two)).toBe(false)
      expect(await one.node.gate.check(CONDEMN)).toMatchObject({
        allowed: false,
        role: 'member',
        holder: 'node-2',
      })
    }
    await cluster.advance(60_000)
    await cluster.settle()
    expect(await two.node.gate.check(CONDEMN)).toMatchObject({ allowed: true, role: 'primary', epoch: 1 })
    expect(await allowed(two, ERASE)).toBe(false)
    await cluster.appoint('sweeper', one)
    await cluster.settle()
    // No role stands in its way any more, only the test's own tap.
    expect(await one.node.gate.check(ERASE)).toMatchObject({ role: 'sweeper', epoch: 1, by: 'no-erasing' })
  })

  it('[G-05] a deposed holder is refused by apply, though it has not heard of it yet', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    await manifestOf(one).commit({ ops: [register('a')] })
    await cluster.appoint('primary', one)
    await cluster.settle()
    const { generation } = manifestOf(one).head()
    const fence = await fenceOf(one)
    const parked = one.partition()
    await cluster.appoint('primary', two, two)
    parked[Symbol.dispose]()
    // Its own rows still say that it holds the role: the batch is made, appended, and refused by every node alike.
    const before = cluster.log.head.index
    const result = await manifestOf(one).commit({ ops: [condemn('a', 1)], fence })
    expect(result).toMatchObject({ status: 'rejected', reason: 'fenced' })
    expect(cluster.log.head.index).toBe(before + 1)
    expect(generation).toBeGreaterThan(0)
    await cluster.settle()
    for (const node of cluster.nodes) expect(manifestOf(node).key(key('a'))?.state).toBe('live')
  })

  it('[G-05] one that held, lost and regained the role cannot commit what it made in the first tenure', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    await manifestOf(one).commit({ ops: [register('a'), register('b')] })
    await cluster.appoint('primary', one)
    await cluster.settle()
    const first = await fenceOf(one)
    await cluster.appoint('primary', two)
    await cluster.appoint('primary', one)
    await cluster.settle()
    const third = await fenceOf(one)
    expect([first.epoch, third.epoch]).toEqual([1, 3])
    expect(await manifestOf(one).commit({ ops: [condemn('a', 1)], fence: first })).toMatchObject({
      reason: 'fenced',
    })
    expect(await manifestOf(one).commit({ ops: [condemn('b', 2)], fence: third })).toMatchObject({
      status: 'committed',
    })
  })

  it('[G-05] two candidates for one tenure: one begins it', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    const role = (holder: string) => ({ type: 'role' as const, name: 'primary', holder, epoch: 1 })
    const results = await Promise.all([
      manifestOf(one).commit({ ops: [role('node-1')] }),
      manifestOf(two).commit({ ops: [role('node-2')] }),
    ])
    expect(results.map(({ outcomes }) => outcomes[0]?.status).sort()).toEqual(['done', 'skipped'])
    await cluster.settle()
    expect((await Promise.all(cluster.nodes.map((node) => allowed(node)))).filter(Boolean)).toHaveLength(1)
  })

  it('[G-07] what was found is judged anew at a position that is no older than the log was then', async () => {
    const cluster = await testCluster({ erasing: true, nodes: ['one', 'two'] })
    const [one, two] = nodesOf(cluster)
    await cluster.appoint('sweeper', one)
    await one.node.files.write('a', 'bytes')
    await one.node.files.delete('a', { delay: 0 })
    await one.node.eraser.drain()
    await one.node.files.write('b', 'bytes')
    await cluster.settle()
    const asked: string[] = []
    const { committer } = opened(one)
    const barrier = committer.barrier.bind(committer)
    committer.barrier = async (options) => {
      asked.push('head')
      await barrier(options)
    }
    one.failpoints.arm('eraser.delete.before', { kind: 'callback', call: () => void asked.push('delete') })
    await one.node.files.delete('b', { delay: 0 })
    await one.node.eraser.drain()
    expect(asked.slice(0, 2)).toEqual(['head', 'delete'])
    void two
  })

  it('[G-07] a holder that is cut off deletes nothing, also not what was doomed', async () => {
    const cluster = await testCluster({ erasing: true })
    const [one, two] = nodesOf(cluster)
    await cluster.appoint('sweeper', one)
    await one.node.files.write('a', 'bytes')
    const parked = new Rendezvous()
    one.failpoints.arm('eraser.doom.after', { kind: 'park', rendezvous: parked })
    await one.node.files.delete('a', { delay: 0 })
    const drained = failure(one.node.eraser.drain())
    await parked.reached
    const bytes = () => [...one.objects.byKey.keys()].filter((name) => name.startsWith('a'))
    const cut = one.partition()
    parked.release()
    expect(['HF_LOG_UNAVAILABLE', 'HF_GATE_DENIED']).toContain((await drained).code)
    expect(bytes()).toHaveLength(1)
    cut[Symbol.dispose]()
    await one.clock.advance(60_000)
    await one.node.eraser.drain()
    expect(bytes()).toEqual([])
    void two
  })
})

describe('erasing where each node has a disk', () => {
  it('[M-11] every node erases its own disk, and one says so in the log', async () => {
    const cluster = await testCluster({ erasing: true })
    const [one, two, three] = nodesOf(cluster)
    await cluster.appoint('sweeper', one)
    await one.node.files.write('a', 'bytes')
    await cluster.settle()
    const [name] = [...one.objects.byKey.keys()].filter((found) => found.startsWith('a'))
    const object = one.objects.byKey.get(name!)!
    // The other nodes have copies of the file.
    for (const node of [two, three]) node.objects.byKey.set(name!, object)
    await two.stop()
    await one.node.files.delete('a', { delay: 0 })
    await one.node.eraser.drain()
    await cluster.settle()
    await three.node.eraser.drain()
    expect(three.objects.byKey.has(name!)).toBe(false)
    expect(one.objects.byKey.has(name!)).toBe(false)
    expect(manifestOf(one).key(key(name!))?.state).toBe('gone')
    // One that was away follows from its own queue.
    expect(two.objects.byKey.has(name!)).toBe(true)
    await two.start()
    await cluster.settle()
    await two.node.eraser.drain()
    expect(two.objects.byKey.has(name!)).toBe(false)
    for (const node of cluster.nodes) expect(node.node.eraser.queue()).toEqual([])
  })

  it('[M-11] on one store only the holder erases, and a new one goes on where the old one was killed', async () => {
    const cluster = await testCluster({ erasing: true, topology: 'shared' })
    const [one, two] = nodesOf(cluster)
    await cluster.appoint('sweeper', one)
    await two.node.files.write('a', 'bytes')
    await cluster.settle()
    expect(await listed(one.node.files)).toEqual(['a'])
    const parked = new Rendezvous()
    one.failpoints.arm('eraser.delete.after', { kind: 'park', rendezvous: parked })
    await two.node.files.delete('a', { delay: 0 })
    await parked.reached
    expect(await failure(two.node.eraser.drain())).toMatchObject({ code: 'HF_GATE_DENIED' })
    const killed = one.kill()
    parked.release()
    await killed
    await cluster.appoint('sweeper', two)
    await two.node.eraser.drain()
    await cluster.settle()
    expect(two.node.eraser.queue()).toEqual([])
    expect(await failure(manifestOf(two).commit({ ops: [doom('a')] }))).toMatchObject({
      code: 'HF_BATCH_INVALID',
    })
  })
})

describe('a node that was away while a key was erased', () => {
  it.each([
    ['deletes its own bytes while the key is retired for long', 7 * MINUTE_MS, false],
    [
      'leaves them to a reconcile when a late DELETE could meet a key that is used again',
      8 * MINUTE_MS,
      true,
    ],
  ])('[M-11] %s', async (_, away, stays) => {
    const cluster = await testCluster({ erasing: true, tombstoneTime: '10m', deleteTimeout: '1m' })
    const [one, two] = nodesOf(cluster)
    await cluster.appoint('sweeper', one)
    await two.node.service('backend').write('a', Buffer.from('own'))
    await manifestOf(two).commit({ ops: [register('a')] })
    await cluster.settle()
    await two.stop()
    const { generation } = manifestOf(one).entry(path('a'))!
    await manifestOf(one).commit({ ops: [condemn('a', generation, { delay: 0 })] })
    await one.node.eraser.drain()
    expect(manifestOf(one).key(key('a'))).toMatchObject({ state: 'gone' })
    two.clock.setWall(two.clock.now() + away)
    await two.start()
    await manifestOf(two).barrier()
    await two.node.eraser.drain()
    expect(two.node.eraser.queue()).toEqual([])
    expect(two.objects.byKey.has('a')).toBe(stays)
  })
})

describe('two holders that go on with what a killed one began', () => {
  it('[X-05] one finishes it, by one record and one event for each tap; the other finds it done, and both start again', async () => {
    const taps = new Map<string, ReturnType<typeof recorder>>()
    const cluster = await testCluster({
      erasing: true,
      topology: 'shared',
      extra({ id }) {
        const tap = taps.get(id) ?? recorder('tap')
        taps.set(id, tap)
        return [tap.plugin]
      },
    })
    const [one, two, three] = nodesOf(cluster)
    await cluster.appoint('sweeper', one)
    await two.node.files.write('a', 'bytes')
    await cluster.settle()
    const [name] = [...one.objects.byKey.keys()].filter((found) => found.startsWith('a'))
    const park = (node: ClusterNode) => {
      const parked = new Rendezvous()
      node.failpoints.arm('eraser.delete.before', { kind: 'park', rendezvous: parked })
      return parked
    }
    const first = park(one)
    const second = park(two)
    await two.node.files.delete('a', { delay: 0 })
    await first.reached
    const killed = one.kill()
    first.release()
    await killed
    await cluster.appoint('sweeper', two)
    await second.reached
    // The second holder stands still in the middle; a third takes over from it and finishes.
    await cluster.appoint('sweeper', three)
    await cluster.settle()
    await three.node.eraser.drain()
    await cluster.settle()
    expect(manifestOf(three).key(key(name!))?.state).toBe('gone')
    const { position } = manifestOf(three).head()
    second.release()
    await two.node.eraser.drain().catch(() => undefined)
    await one.start()
    await cluster.settle()
    await two.stop()
    await two.start()
    await cluster.settle()
    for (const node of cluster.nodes) {
      await node.node.hooks.drain()
      expect(manifestOf(node).key(key(name!))?.state).toBe('gone')
      expect(manifestOf(node).head().digest).toBe(manifestOf(three).head().digest)
      expect(node.node.eraser.queue()).toEqual([])
    }
    // Whatever the late one has said of it was not applied a second time.
    const done = taps
      .get('node-3')!
      .batches.flatMap(({ ops, outcomes }) =>
        ops.filter(({ type }, at) => type === 'erased' && outcomes[at]?.status === 'done'),
      )
    expect(done).toHaveLength(1)
    expect(manifestOf(three).head().position.index).toBeGreaterThanOrEqual(position.index)
    for (const id of ['node-2', 'node-3'])
      expect(taps.get(id)!.deleted.filter((file) => file.key === name)).toHaveLength(1)
  })
})
