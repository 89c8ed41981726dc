import { describe, expect, it } from 'vitest'
import { path, register } from '../support.ts'
import { failure, manifestOf, nodesOf, testCluster } from './support.ts'

describe('a commit through a shared log', () => {
  it('[M-16] is applied on every node, with equal digests at equal positions', async () => {
    const cluster = await testCluster()
    const [one, two, three] = nodesOf(cluster)
    const first = await manifestOf(one).commit({ ops: [register('a')] })
    expect(first).toMatchObject({
      status: 'committed',
      position: { index: 1 },
      outcomes: [{ status: 'done' }],
    })
    await manifestOf(two).commit({ ops: [register('b')] })
    await cluster.settle()
    const heads = [one, two, three].map((node) => manifestOf(node).head())
    expect(heads[0]).toMatchObject({ position: { index: 2 }, generation: 2 })
    expect(heads[1]).toEqual(heads[0])
    expect(heads[2]).toEqual(heads[0])
    expect(manifestOf(three).entry(path('a'))).toBeDefined()
    for (const node of cluster.nodes) expect(manifestOf(node).check()).toEqual([])
  })

  it('[M-16] of several proposers at once each gets its own answer, and no batch is done twice', async () => {
    const cluster = await testCluster()
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, at) =>
        manifestOf(cluster.nodes[at % 3]!).commit({ ops: [register(`f${at % 40}`, { key: `k${at}` })] }),
      ),
    )
    expect(results.filter(({ outcomes }) => outcomes[0]?.status === 'done')).toHaveLength(40)
    await cluster.settle()
    const digests = new Set(cluster.nodes.map((node) => manifestOf(node).head().digest))
    expect(digests.size).toBe(1)
  })

  it('[M-16] a log that is away rejects plainly, nothing was done, and the same works when it is back', async () => {
    const cluster = await testCluster()
    const [one] = nodesOf(cluster)
    {
      using _cut = cluster.nodes[0]!.partition()
      const error = await failure(manifestOf(one).commit({ ops: [register('a')] }))
      expect(error).toMatchObject({ code: 'HF_COMMIT_FAILED', kind: 'unavailable', retryable: true })
      expect(cluster.log.head.index).toBe(0)
    }
    expect(await manifestOf(one).commit({ ops: [register('a')] })).toMatchObject({ status: 'committed' })
  })

  it('[M-16] an answer that was lost is found again', async () => {
    const cluster = await testCluster()
    const [one] = nodesOf(cluster)
    cluster.log.loseAnswers(1)
    expect(await manifestOf(one).commit({ ops: [register('a')] })).toMatchObject({ status: 'committed' })
    expect(cluster.log.head.index).toBe(1)
  })
})
