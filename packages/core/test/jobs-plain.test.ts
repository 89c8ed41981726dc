import { HoldfastError, type PlainJob, type Plugin } from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { plugin, startNode, tapper } from './support.ts'

function plain(run: PlainJob<unknown>['run'], extra: Partial<PlainJob<unknown>> = {}): Plugin {
  return plugin('keeper', ({ jobs }) =>
    jobs.define({ name: 'tidy', doc: 'House-keeping of a test.', action: 'erase', run, ...extra }),
  )
}

/** Does so many chunks of three files. */
const chunks =
  (count: number, between: (chunk: number) => Promise<void> = async () => undefined) =>
  async (
    _request: object,
    { gate, chunk, total }: Parameters<PlainJob<unknown>['run']>[1],
  ): Promise<void> => {
    total(count * 3)
    for (let at = 0; at < count; at++) {
      await gate()
      await chunk({ files: 3, bytes: 30, skipped: { busy: 1 } })
      await between(at)
    }
  }

describe('a job without a plan', () => {
  it('[A-02] has the same life: record, counts, progress, audit', async () => {
    await using node = await startNode([plain(chunks(2))])
    const seen: string[] = []
    node.audit.on(({ audit }) => seen.push(audit))
    const run = await node.jobs.run(
      'tidy',
      { act: true },
      {
        onProgress: ({ phase, done, total }) => seen.push(`${phase} ${done}/${total}`),
      },
    )
    expect(run).toMatchObject({
      done: { files: 6, bytes: 60 },
      skipped: { busy: 2 },
      chunks: 2,
      outcome: { status: 'completed' },
    })
    expect(seen).toEqual([
      'run_started',
      'acting 0/undefined',
      'acting 0/6',
      'chunk_committed',
      'acting 3/6',
      'chunk_committed',
      'acting 6/6',
      'run_completed',
    ])
    expect(await node.jobs.history('tidy')).toEqual([run])
  })

  it('[G-01] a gate that closes in the middle ends it at its next question, with its counts', async () => {
    let open = true
    await using node = await startNode([
      plain(
        chunks(3, async () => {
          open = false
        }),
      ),
      tapper('door', async () => (open ? undefined : { deny: 'closed' })),
    ])
    expect(await node.jobs.run('tidy', { act: true })).toMatchObject({
      outcome: { status: 'aborted', reason: 'authority_lost' },
      done: { files: 3 },
    })
    await expect(node.jobs.run('tidy', { act: true })).rejects.toMatchObject({ code: 'HF_GATE_DENIED' })
  })

  it('[R-10] its time limit and its cancelling end it at its next question', async () => {
    const clock = new FakeClock()
    await using node = await startNode(
      [
        plain(
          chunks(5, () => clock.advance(400)),
          { timeout: 1000 },
        ),
      ],
      {
        clock,
      },
    )
    expect(await node.jobs.run('tidy', { act: true })).toMatchObject({
      outcome: { status: 'aborted', reason: 'timed_out' },
      done: { files: 9 },
    })
    const controller = new AbortController()
    controller.abort(new Error('never mind'))
    expect(await node.jobs.run('tidy', { act: true }, { signal: controller.signal })).toMatchObject({
      outcome: { reason: 'cancelled', message: 'never mind' },
      done: { files: 0 },
    })
  })

  it('[R-04] an error ends it, with its code', async () => {
    await using node = await startNode([
      plain(async () => {
        throw new HoldfastError('HF_NO_SPACE', 'full')
      }),
    ])
    expect((await node.jobs.run('tidy', { act: true })).outcome).toMatchObject({ code: 'HF_NO_SPACE' })
  })

  it('[A-06] it has no plan, no dry run and no cap', async () => {
    await using node = await startNode([plain(chunks(1))])
    const invalid = { code: 'HF_REQUEST_INVALID' }
    await expect(node.jobs.plan('tidy')).rejects.toMatchObject(invalid)
    await expect(node.jobs.run('tidy', {})).rejects.toMatchObject(invalid)
    await expect(node.jobs.run('tidy', { act: true, cap: 1 })).rejects.toMatchObject(invalid)
  })

  it('[R-07] counts that cannot be true end it', async () => {
    await using node = await startNode([
      plain(async (_request, { gate, chunk }) => {
        await gate()
        await chunk({ files: 2 })
        await chunk({ files: Number.NaN })
      }),
    ])
    expect(await node.jobs.run('tidy', { act: true })).toMatchObject({
      done: { files: 2 },
      outcome: { status: 'aborted', code: 'HF_PLUGIN_FAILED' },
    })
  })
})
