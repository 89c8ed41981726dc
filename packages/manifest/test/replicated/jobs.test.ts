import {
  definePlugin,
  type FilePath,
  type Plugin,
  Rendezvous,
  type StorageKey,
  totalsOf,
} from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { register } from '../support.ts'
import { manifestOf, nodesOf, testCluster } from './support.ts'

const ITEM = {
  path: 'a' as FilePath,
  key: 'a' as StorageKey,
  generation: 1,
  namespace: 'ns',
  size: 1,
  reason: 'test',
}

/** A job that only notes at which record its node is when it acts. */
function looker(seen: number[]): Plugin {
  return definePlugin({
    name: 'test-looker',
    id: 'looker',
    version: '1.0.0',
    api: '1.0',
    needs: ['manifest'],
    setup: ({ jobs }) =>
      jobs.define({
        name: 'look',
        doc: 'Looks.',
        action: 'condemn',
        async *plan() {
          yield [ITEM]
        },
        async act(chunk, { services }) {
          seen.push(services.manifest.head().position.index)
          return { done: totalsOf(chunk), skipped: {} }
        },
      }),
  })
}

describe('a job on a node that is behind', () => {
  it('[G-07] acts when the node is as new as the log was after the gate had said yes', async () => {
    const seen: number[] = []
    const cluster = await testCluster({ extra: () => [looker(seen)] })
    const [one, two] = nodesOf(cluster)
    await cluster.appoint('primary', two)
    await cluster.settle()
    const slow = new Rendezvous()
    two.failpoints.arm('manifest.commit.before', { kind: 'park', rendezvous: slow })
    await manifestOf(one).commit({ ops: [register('a')] })
    await slow.reached
    expect(manifestOf(two).head().position.index).toBe(1)
    const run = two.node.jobs.run('look', { act: true })
    // More than a job needs that does not wait: it rests on promises alone.
    for (let turn = 0; turn < 1000; turn++) await new Promise((resolve) => setImmediate(resolve))
    slow.release()
    expect(await run).toMatchObject({ outcome: { status: 'completed' } })
    expect(seen).toEqual([2])
  })
})
