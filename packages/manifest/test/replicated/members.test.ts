import type { ClusterNode, MemoryCluster } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { register, rowNamed } from '../support.ts'
import { manifestOf, nodesOf, opened, shared, testCluster } from './support.ts'

const CONDEMN = { action: 'condemn', actor: 'user' } as const

/** Lets a node say now what it says now and then. */
async function publish(cluster: MemoryCluster, node: ClusterNode): Promise<void> {
  await shared(node).members.publish(opened(node).committer)
  await cluster.settle()
}

/** Changes a replicated row on one node alone, as a bug or a bad disk does. */
async function damage(node: ClusterNode): Promise<void> {
  const { committer, state } = opened(node)
  await committer.local(() => {
    state.rows.put(rowNamed('v', 'stray'), (payload) => payload.u8(1).varint(1).text('1'))
    state.flush()
  })
}

describe('members that say how far they are', () => {
  it('[M-21] agree as long as their states do, and nothing is denied', async () => {
    const cluster = await testCluster()
    const [one] = nodesOf(cluster)
    await cluster.appoint('primary', one)
    await manifestOf(one).commit({ ops: [register('a')] })
    await cluster.settle()
    for (const node of cluster.nodes) await publish(cluster, node)
    const { head } = opened(one).state
    expect(
      shared(one)
        .members.all()
        .map(({ id }) => id),
    ).toEqual(['node-1', 'node-2', 'node-3'])
    expect(head.index).toBe(5)
    expect((await one.node.gate.check(CONDEMN)).allowed).toBe(true)
  })

  it('[M-21] two that differ stop all destructive work, on every node that sees it, also after a restart', async () => {
    const cluster = await testCluster()
    const [one, two, three] = nodesOf(cluster)
    await cluster.appoint('primary', one)
    await cluster.settle()
    await damage(two)
    await manifestOf(one).commit({ ops: [register('a')] })
    await cluster.settle()
    expect((await one.node.gate.check(CONDEMN)).allowed).toBe(true)
    await publish(cluster, two)
    for (const node of [one, three])
      expect(await node.node.gate.check(CONDEMN)).toMatchObject({
        allowed: false,
        reason: 'state_diverged',
        message: expect.stringContaining('node-2 differ at record 2'),
      })
    // The one that is wrong hears of it when one of the others speaks.
    await publish(cluster, one)
    expect(await two.node.gate.check(CONDEMN)).toMatchObject({ reason: 'state_diverged' })
    await one.stop()
    await one.start()
    await cluster.settle()
    expect(await one.node.gate.check(CONDEMN)).toMatchObject({ reason: 'state_diverged' })
  })

  it("[M-21] it is over when the wrong one has another node's state, and says so", async () => {
    const cluster = await testCluster()
    const [one, two, three] = nodesOf(cluster)
    await cluster.appoint('primary', one)
    await cluster.settle()
    await damage(two)
    await manifestOf(one).commit({ ops: [register('a')] })
    await cluster.settle()
    for (const node of [two, one, three]) await publish(cluster, node)
    expect(manifestOf(two).head().digest).not.toBe(manifestOf(one).head().digest)
    await two.install(one)
    await cluster.settle()
    expect(manifestOf(two).head()).toEqual(manifestOf(one).head())
    await publish(cluster, two)
    for (const node of [one, two, three])
      expect(await node.node.gate.check(CONDEMN)).not.toMatchObject({ reason: 'state_diverged' })
    expect((await one.node.gate.check(CONDEMN)).allowed).toBe(true)
  })

  it('[M-21] they speak by themselves when there is news, and are silent when there is none', async () => {
    const cluster = await testCluster()
    const [one] = nodesOf(cluster)
    await manifestOf(one).commit({ ops: [register('a')] })
    await cluster.settle()
    for (const node of cluster.nodes) {
      await node.clock.advance(61_000)
      await cluster.settle()
    }
    await expect.poll(() => shared(one).members.all().length).toBe(3)
    await cluster.settle()
    const { index } = cluster.log.head
    for (let at = 0; at < 5; at++)
      for (const node of cluster.nodes) {
        await node.clock.advance(61_000)
        await cluster.settle()
      }
    expect(cluster.log.head.index).toBe(index)
  })
})
