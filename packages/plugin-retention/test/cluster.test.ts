import { hasCode } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { retention } from '@holdfast/plugin-retention'
import { memoryCluster } from '@holdfast/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DAY, NOW, RAW } from './support.ts'

async function cluster() {
  const made = await memoryCluster({
    now: NOW,
    plugins: ({ dataDir }) => [manifest({ dataDir }), retention({ policies: [RAW], eraseDelay: 0 })],
  })
  onTestFinished(() => made[Symbol.asyncDispose]())
  const [one, two] = made.nodes
  for (const name of ['a', 'b']) await one!.node.files.write(name, name, { maxTime: NOW - 100 * DAY })
  await made.settle()
  return { cluster: made, one: one!, two: two! }
}

describe('retention on nodes that share a log', () => {
  it('[R-01] runs on the primary alone; the others are refused with its name, and nobody runs before there is one', async () => {
    const { cluster: nodes, one, two } = await cluster()
    for (const { node } of [one, two])
      await expect(node.jobs.run('retention', { act: true })).rejects.toSatisfy((error) =>
        hasCode(error, 'HF_GATE_DENIED'),
      )
    await nodes.appoint('primary', two)
    await nodes.settle()
    await expect(one.node.jobs.run('retention', { act: true })).rejects.toMatchObject({
      code: 'HF_GATE_DENIED',
      context: { role: 'member', holder: 'node-2' },
    })
    expect(await two.node.jobs.run('retention', { act: true })).toMatchObject({
      role: 'primary',
      epoch: 1,
      done: { files: 2 },
      outcome: { status: 'completed' },
    })
    await nodes.settle()
    expect(await one.node.files.stat('a')).toBeUndefined()
  })

  it('[R-01] a dry run is for any node', async () => {
    const { two } = await cluster()
    expect((await two.node.jobs.plan('retention')).totals.files).toBe(2)
  })

  it('[G-07] a primary that is cut off from the log ends its run and condemns nothing', async () => {
    const { cluster: nodes, one, two } = await cluster()
    await nodes.appoint('primary', two)
    await nodes.settle()
    let cut: Disposable | undefined
    two.failpoints.arm('job.chunk.before', {
      kind: 'callback',
      call: () => {
        cut = two.partition()
      },
    })
    const run = await two.node.jobs.run('retention', { act: true })
    expect(run).toMatchObject({ done: { files: 0 }, outcome: { status: 'aborted' } })
    cut?.[Symbol.dispose]()
    await nodes.settle()
    expect(await one.node.files.stat('a')).toBeDefined()
  })
})
