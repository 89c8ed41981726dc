import { HoldfastError, Rendezvous, totalsOf } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { endOf, items, jobPlugin, startNode, tapper } from './support.ts'

const doAll = async (chunk: ReturnType<typeof items>) => ({ done: totalsOf(chunk), skipped: {} })

describe('a run', () => {
  it('[R-03] acts in chunks of at most 1000, in the order of the plan', async () => {
    const chunks: string[][] = []
    await using node = await startNode([
      jobPlugin(async (chunk) => {
        chunks.push(chunk.map(({ path }) => path))
        return { done: totalsOf(chunk), skipped: {} }
      }),
    ])
    const run = await node.jobs.run('sweep', { act: true })
    expect(chunks.map((chunk) => chunk.length)).toEqual([1000, 1000, 500])
    expect(chunks.flat()).toEqual(items(2500).map(({ path }) => path))
    expect(run).toMatchObject({
      outcome: { status: 'completed' },
      chunks: 3,
      done: { files: 2500, bytes: 25_000, rows: 5000 },
    })
  })

  it('[R-14] without act it is dry: it plans and does nothing', async () => {
    let acted = 0
    await using node = await startNode([
      jobPlugin(async (chunk) => {
        acted++
        return doAll([...chunk])
      }),
      tapper('closed', async () => ({ deny: 'closed' })),
    ])
    const run = await node.jobs.run('sweep', {})
    expect(run).toMatchObject({
      dryRun: true,
      planned: { files: 2500 },
      done: { files: 0 },
      outcome: { status: 'completed' },
    })
    expect(acted).toBe(0)
  })

  it('[R-14] equal plans have equal digests', async () => {
    await using node = await startNode([jobPlugin(async (chunk) => doAll([...chunk]))])
    const [a, b] = [await node.jobs.plan('sweep'), await node.jobs.plan('sweep')]
    expect(a.digest).toBe(b.digest)
    expect(await a.all()).toEqual(items(2500))
  })

  it('[R-04] an error in a chunk aborts the run: later chunks are not begun', async () => {
    let begun = 0
    await using node = await startNode([
      jobPlugin(async (chunk) => {
        begun++
        if (begun === 2) throw new HoldfastError('HF_COMMIT_FAILED', 'no luck')
        return { done: totalsOf(chunk), skipped: {} }
      }),
    ])
    const run = await node.jobs.run('sweep', { act: true })
    expect(begun).toBe(2)
    expect(run.outcome).toMatchObject({
      status: 'aborted',
      reason: 'authority_write_failed',
      code: 'HF_COMMIT_FAILED',
    })
  })

  it('[M-19] a chunk that does not fit on the disk is halved until it does, in the order of the plan', async () => {
    const fitting: string[][] = []
    await using node = await startNode([
      jobPlugin(async (chunk) => {
        if (chunk.length > 300) throw new HoldfastError('HF_NO_SPACE', 'full')
        fitting.push(chunk.map(({ path }) => path))
        return { done: totalsOf(chunk), skipped: {} }
      }),
    ])
    const run = await node.jobs.run('sweep', { act: true })
    expect(fitting.flat()).toEqual(items(2500).map(({ path }) => path))
    expect(Math.max(...fitting.map((chunk) => chunk.length))).toBe(250)
    expect(run).toMatchObject({
      outcome: { status: 'completed' },
      done: { files: 2500 },
      chunks: fitting.length,
    })
  })

  it('[M-19] a disk that does not take one item ends the run', async () => {
    let smallest = Number.POSITIVE_INFINITY
    await using node = await startNode([
      jobPlugin(async (chunk) => {
        smallest = Math.min(smallest, chunk.length)
        throw new HoldfastError('HF_NO_SPACE', 'full')
      }),
    ])
    const run = await node.jobs.run('sweep', { act: true })
    expect(run).toMatchObject({ outcome: { status: 'aborted', code: 'HF_NO_SPACE' }, done: { files: 0 } })
    expect(smallest).toBe(1)
  })

  it('[R-07] the counts of finished chunks survive an abort, and the run is remembered', async () => {
    let begun = 0
    await using node = await startNode([
      jobPlugin(async (chunk) => {
        if (++begun === 3) throw new Error('no luck')
        return { done: totalsOf(chunk.slice(1)), skipped: { changed: 1 } }
      }),
    ])
    const run = await node.jobs.run('sweep', { act: true })
    expect(run).toMatchObject({ done: { files: 1998, bytes: 19_980 }, skipped: { changed: 2 }, chunks: 2 })
    expect(await node.jobs.history('sweep')).toEqual([run])
  })

  it('[R-08] two runs of a job do not overlap, also when they are asked for in one tick', async () => {
    const acting = new Rendezvous()
    await using node = await startNode([
      jobPlugin(async (chunk) => {
        acting.arrive()
        await acting.released
        return { done: totalsOf(chunk), skipped: {} }
      }),
    ])
    const ends = [node.jobs.run('sweep', { act: true }), node.jobs.run('sweep', { act: true })].map(endOf)
    await acting.reached
    ends.push(endOf(node.jobs.run('sweep', {})))
    acting.release()
    expect(await Promise.all(ends)).toEqual(['completed', 'HF_ALREADY_RUNNING', 'HF_ALREADY_RUNNING'])
    expect((await node.jobs.run('sweep', {})).outcome.status).toBe('completed')
  })

  it('[R-08] a run that was refused by the gate frees the job', async () => {
    let open = false
    await using node = await startNode([
      jobPlugin(async (chunk) => doAll([...chunk])),
      tapper('door', async () => (open ? undefined : { deny: 'closed' })),
    ])
    await expect(node.jobs.run('sweep', { act: true })).rejects.toMatchObject({ code: 'HF_GATE_DENIED' })
    open = true
    expect((await node.jobs.run('sweep', { act: true })).outcome.status).toBe('completed')
  })

  it('[R-10] cancelling ends the run between chunks and keeps the counts', async () => {
    const controller = new AbortController()
    let begun = 0
    await using node = await startNode([
      jobPlugin(async (chunk) => {
        if (++begun === 2) controller.abort(new Error('changed my mind'))
        return { done: totalsOf(chunk), skipped: {} }
      }),
    ])
    const run = await node.jobs.run('sweep', { act: true }, { signal: controller.signal })
    expect(run).toMatchObject({
      outcome: { status: 'aborted', reason: 'cancelled', message: 'changed my mind' },
      chunks: 2,
      done: { files: 2000 },
    })
  })

  it('[R-10] a run can be cancelled by its id', async () => {
    await using node = await startNode([
      jobPlugin(async (chunk) => {
        const [running] = node.jobs.running()
        expect(node.jobs.cancel(running!.id)).toBe(true)
        return { done: totalsOf(chunk), skipped: {} }
      }),
    ])
    expect((await node.jobs.run('sweep', { act: true })).outcome).toMatchObject({ reason: 'cancelled' })
    expect(node.jobs.cancel('nobody')).toBe(false)
  })

  it('[G-01] a gate that closes in mid-run ends the run at the next chunk with partial counts', async () => {
    let open = true
    await using node = await startNode([
      jobPlugin(async (chunk) => {
        open = false
        return { done: totalsOf(chunk), skipped: {} }
      }),
      tapper('door', async () => (open ? undefined : { deny: 'closed' })),
    ])
    const run = await node.jobs.run('sweep', { act: true })
    expect(run).toMatchObject({
      outcome: { status: 'aborted', reason: 'authority_lost' },
      chunks: 1,
      done: { files: 1000 },
    })
  })

  it('[A-06] an unknown job and a request with problems are refused by code', async () => {
    await using node = await startNode([
      jobPlugin(async (chunk) => doAll([...chunk]), items(1), { check: () => ['too big', 'too late'] }),
    ])
    await expect(node.jobs.run('sweeep', {})).rejects.toMatchObject({ code: 'HF_JOB_UNKNOWN' })
    await expect(node.jobs.plan('sweep')).rejects.toMatchObject({
      code: 'HF_REQUEST_INVALID',
      context: { problems: ['too big', 'too late'] },
    })
  })

  it('[R-10] progress is told chunk by chunk', async () => {
    const seen: string[] = []
    await using node = await startNode([jobPlugin(async (chunk) => ({ done: totalsOf(chunk), skipped: {} }))])
    await node.jobs.run(
      'sweep',
      { act: true },
      { onProgress: ({ phase, done, total }) => seen.push(`${phase} ${done}/${total}`) },
    )
    expect(seen).toEqual([
      'planning 0/undefined',
      'planning 1000/undefined',
      'planning 2000/undefined',
      'planning 2500/undefined',
      'acting 0/2500',
      'acting 1000/2500',
      'acting 2000/2500',
      'acting 2500/2500',
    ])
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no counts', {}],
    ['no number of files', { done: { bytes: 1 } }],
    ['NaN files', { done: { files: Number.NaN } }],
    ['more files than the chunk has', { done: { files: 1_000_000, bytes: 0, rows: 0 }, skipped: {} }],
    ['more files done and skipped than the chunk has', { done: { files: 10 }, skipped: { changed: 1 } }],
    ['less than nothing skipped', { done: { files: 10 }, skipped: { changed: -1 } }],
    ['a list', { done: [1], skipped: {} }],
  ])(
    '[R-07] a chunk whose answer has %s is not counted, and ends the run by the name of its job',
    async (_what, answer) => {
      await using node = await startNode([
        jobPlugin(
          async (chunk) =>
            (chunk[0]?.path === 'ns/000000' ? { done: totalsOf(chunk), skipped: {} } : answer) as never,
          [...items(1010)],
        ),
      ])
      const run = await node.jobs.run('sweep', { act: true })
      expect(run).toMatchObject({
        done: { files: 1000, bytes: 10_000, rows: 2000 },
        chunks: 1,
        outcome: {
          status: 'aborted',
          code: 'HF_PLUGIN_FAILED',
          message: expect.stringContaining('job sweep'),
        },
      })
      expect(node.jobs.running()).toEqual([])
    },
  )

  it('[R-07] what an answer leaves out is nothing', async () => {
    await using node = await startNode([
      jobPlugin(async (chunk) => ({ done: { files: chunk.length } }) as never, items(10)),
    ])
    expect(await node.jobs.run('sweep', { act: true })).toMatchObject({
      outcome: { status: 'completed' },
      done: { files: 10, bytes: 0, rows: 0 },
      skipped: {},
    })
  })

  it('[R-04] an act that throws before it gives a promise ends the run as one that rejects', async () => {
    await using node = await startNode([
      jobPlugin(() => {
        throw new Error('no luck')
      }),
    ])
    expect((await node.jobs.run('sweep', { act: true })).outcome).toMatchObject({
      status: 'aborted',
      reason: 'authority_write_failed',
      message: 'no luck',
    })
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['a text', 'act'],
    ['a list', []],
    ['no object as JSON', { toJSON() {} }],
  ])('[A-06] a request that is %s is refused, and nothing is in flight', async (_what, request) => {
    await using node = await startNode([jobPlugin(async (chunk) => doAll([...chunk]))])
    await expect(node.jobs.run('sweep', request as object)).rejects.toMatchObject({
      code: 'HF_REQUEST_INVALID',
    })
    await expect(node.jobs.plan('sweep', request as object)).rejects.toMatchObject({
      code: 'HF_REQUEST_INVALID',
    })
    expect(await node.jobs.history('sweep')).toEqual([])
    expect(node.jobs.running()).toEqual([])
  })

  it.each([true, 'no', {}, [1]])('[A-06] a check that gives %j is the fault of its job', async (problems) => {
    await using node = await startNode([
      jobPlugin(async (chunk) => doAll([...chunk]), items(1), { check: () => problems as never }),
    ])
    await expect(node.jobs.run('sweep', {})).rejects.toMatchObject({
      code: 'HF_PLUGIN_FAILED',
      message: expect.stringContaining('check of job sweep'),
    })
  })
})
