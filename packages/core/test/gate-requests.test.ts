import { type GateRequest, type PlainJob, totalsOf } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { items, jobPlugin, plugin, startNode, tapper } from './support.ts'

/** A plan over these namespaces, each with so many files, one behind the other. */
function filesOf(...namespaces: readonly (readonly [namespace: string, files: number])[]) {
  const all = items(namespaces.reduce((sum, [, files]) => sum + files, 0))
  const names = namespaces.flatMap(([namespace, files]) => Array<string>(files).fill(namespace))
  return all.map((item, at) => ({ ...item, namespace: names[at]! }))
}

const job = (planned: ReturnType<typeof filesOf>) =>
  jobPlugin(async (chunk) => ({ done: totalsOf(chunk), skipped: {} }), planned)

/** A tap that writes down what it is asked. */
function witness(asked: GateRequest[]) {
  return tapper('witness', async (request) => void asked.push(request))
}

describe('what the gate is asked', () => {
  it('[G-01] a run is asked about once before it and once a chunk, each with the namespace if it keeps to one', async () => {
    const asked: GateRequest[] = []
    await using node = await startNode([job(filesOf(['a', 1500], ['b', 1500])), witness(asked)])
    const { id: run } = await node.jobs.run('sweep', { act: true })
    const common = { action: 'condemn', actor: 'user', job: 'sweep', run }
    expect(asked).toEqual([
      common,
      { ...common, chunk: 0, namespace: 'a' },
      { ...common, chunk: 1 },
      { ...common, chunk: 2, namespace: 'b' },
    ])
  })

  it('[G-01] a job without a plan may name the namespace of a chunk', async () => {
    const asked: GateRequest[] = []
    const run: PlainJob<unknown>['run'] = async (_request, { gate }) => {
      await gate({ namespace: 'a' })
      await gate()
    }
    const tidy = plugin('tidy', ({ jobs }) =>
      jobs.define({ name: 'tidy', doc: 'House-keeping of a test.', action: 'erase', run }),
    )
    await using node = await startNode([tidy, witness(asked)])
    await node.jobs.run('tidy', { act: true })
    expect(asked.slice(1)).toEqual([
      expect.objectContaining({ chunk: 0, namespace: 'a' }),
      expect.not.objectContaining({ namespace: expect.anything() }),
    ])
  })

  it('[G-02] nobody is asked about a dry run that somebody asks for; the status asks about one that acts', async () => {
    const asked: GateRequest[] = []
    await using node = await startNode([job(filesOf(['a', 1])), witness(asked)])
    await node.jobs.plan('sweep')
    await node.jobs.run('sweep', {})
    expect(asked).toEqual([])
    await node.jobs.status()
    expect(asked).toEqual([{ action: 'condemn', actor: 'user', job: 'sweep' }])
  })

  it('[G-01] a tap that guards a namespace ends a run where it comes to it, with what is done before', async () => {
    const guard = tapper('guard', async ({ chunk, namespace, dryRun }) => {
      // Before a run nothing is touched, and every chunk is asked about.
      if (dryRun || chunk === undefined) return undefined
      return namespace !== undefined && namespace !== 'held'
        ? undefined
        : { deny: 'nothing is deleted in held' }
    })
    await using node = await startNode([job(filesOf(['a', 1000], ['mixed', 10], ['held', 10])), guard])
    expect(await node.jobs.run('sweep', { act: true })).toMatchObject({
      outcome: { status: 'aborted', reason: 'authority_lost', message: 'guard: nothing is deleted in held' },
      done: { files: 1000 },
      chunks: 1,
    })
  })
})
