import type { Gate } from '@holdfast/core'
import type { ClusterNode, MemoryCluster } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { SharedTruncation } from '../../src/replicated/truncation.ts'
import { recorder } from '../consumers/recorder.ts'
import { register } from '../support.ts'
import { failure, manifestOf, nodesOf, opened, shared, testCluster } from './support.ts'

/** The truncation of a node, without the thrift that spares a record for a handful of others. */
function thrifty(node: ClusterNode, gate: Gate = node.node.gate): SharedTruncation {
  const { committer: commits, state, nodeId, clock, log: logger } = opened(node)
  const { log, members } = shared(node)
  return new SharedTruncation({
    log,
    commits,
    state,
    members,
    nodeId,
    gate,
    clock,
    logger,
    keep: 0,
    worth: 1,
    margin: 0,
    onFloor: async () => undefined,
  })
}

async function fill(node: ClusterNode, count: number, from = 0): Promise<void> {
  for (let at = from; at < from + count; at++) await manifestOf(node).commit({ ops: [register(`f${at}`)] })
}

async function publish(cluster: MemoryCluster, ...nodes: ClusterNode[]): Promise<void> {
  for (const node of nodes) {
    await cluster.settle()
    await shared(node).members.publish(opened(node).committer)
  }
  await cluster.settle()
}

describe('truncation of a log that nodes share', () => {
  it('[M-09] is for the primary alone, and goes as far as the slowest member has said', async () => {
    const cluster = await testCluster()
    const [one, two, three] = nodesOf(cluster)
    await cluster.appoint('primary', one)
    await fill(one, 9)
    await publish(cluster, one, two)
    await fill(one, 5, 9)
    await publish(cluster, three)
    await thrifty(two).run()
    expect(cluster.log.floor.index).toBe(0)
    await thrifty(one).run()
    // The first member to speak was at record 10 then.
    expect(cluster.log.floor.index).toBe(10)
    await publish(cluster, one, two)
    await thrifty(one).run()
    expect(cluster.log.floor.index).toBe(17)
  })

  it('[M-09] a member that is down holds the log back, as long as it is a member', async () => {
    const cluster = await testCluster()
    const [one, two, three] = nodesOf(cluster)
    await cluster.appoint('primary', one)
    await publish(cluster, one, two, three)
    await three.stop()
    await fill(one, 10)
    await publish(cluster, one, two)
    await thrifty(one).run()
    const held = cluster.log.floor.index
    expect(held).toBe(3)
    await three.start()
    await publish(cluster, three)
    await thrifty(one).run()
    expect(cluster.log.floor.index).toBeGreaterThan(held)
  })

  it('[M-09] what nobody has said cannot be told, and blocks', async () => {
    const cluster = await testCluster()
    const [one] = nodesOf(cluster)
    await cluster.appoint('primary', one)
    await fill(one, 5)
    await thrifty(one).run()
    expect(cluster.log.floor.index).toBe(0)
  })

  it("[M-09] a tap that has not gone on holds the log back from another node's", async () => {
    const taps = new Map(['node-1', 'node-2', 'node-3'].map((id) => [id, recorder('tap')]))
    const cluster = await testCluster({ extra: ({ id }) => (id === 'node-3' ? [taps.get(id)!.plugin] : []) })
    const [one, two, three] = nodesOf(cluster)
    await cluster.appoint('primary', one)
    three.failpoints.arm('hook.cursor.before', { kind: 'error' }, { times: Number.POSITIVE_INFINITY })
    await fill(one, 10)
    await publish(cluster, one, two, three)
    await thrifty(one).run()
    expect(cluster.log.floor.index).toBe(0)
  })

  it('[M-09] a holder that has lost the role without knowing truncates nothing', async () => {
    const cluster = await testCluster()
    const [one, two, three] = nodesOf(cluster)
    await cluster.appoint('primary', one)
    await fill(one, 5)
    await publish(cluster, one, two, three)
    // The role passes on in the moment behind the gate's yes.
    const gate: Gate = {
      async check(request, options) {
        const verdict = await one.node.gate.check(request, options)
        expect(verdict).toMatchObject({ allowed: true, epoch: 1 })
        await cluster.appoint('primary', two, two)
        return verdict
      },
    }
    await thrifty(one, gate).run()
    expect(cluster.log.floor.index).toBe(0)
  })

  it('[M-08] a node that the log has left behind is told the floor, destroys nothing, and goes on from a peer', async () => {
    const cluster = await testCluster()
    const [one, two, three] = nodesOf(cluster)
    await cluster.appoint('primary', three)
    await fill(one, 3)
    await cluster.settle()
    await three.stop()
    await fill(one, 10, 3)
    await cluster.settle()
    cluster.truncate({ keep: 2 })
    await three.start()
    await expect
      .poll(() => failure(manifestOf(three).barrier()))
      .toMatchObject({
        code: 'HF_LOG_GAP',
        context: { floor: { index: 12 } },
      })
    expect(await three.node.gate.check({ action: 'condemn', actor: 'user' })).toMatchObject({
      reason: 'manifest_behind',
    })
    expect(manifestOf(three).head().position.index).toBe(4)
    await three.install(two)
    await fill(one, 1, 13)
    await cluster.settle()
    expect(manifestOf(three).head()).toEqual(manifestOf(one).head())
    expect(manifestOf(three).check()).toEqual([])
    expect(await manifestOf(three).commit({ ops: [register('z')] })).toMatchObject({ status: 'committed' })
  })
})
