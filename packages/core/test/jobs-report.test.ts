import {
  type AuditEvent,
  createLogger,
  createNode,
  type PlannedJob,
  type RunProgress,
  totalsOf,
} from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { items, jobPlugin, plugin, startNode, tapper } from './support.ts'

declare module '@holdfast/core' {
  interface AuditEvents {
    acme_moved: { readonly shelf: string }
  }
  interface Metrics {
    acme_moves_total: { kind: 'counter'; labels: 'shelf' }
  }
}

const doAll: PlannedJob<unknown>['act'] = async (chunk) => ({ done: totalsOf(chunk), skipped: {} })

describe('audit', () => {
  it('[A-03] a run that acts can be put together again from its events', async () => {
    const act: PlannedJob<unknown>['act'] = async (chunk) => ({
      done: totalsOf(chunk.slice(1)),
      skipped: { changed: 1 },
    })
    await using node = await startNode([jobPlugin(act)])
    const events: AuditEvent[] = []
    node.audit.on((event) => events.push(event))
    const run = await node.jobs.run('sweep', { act: true })
    const names = events.map(({ audit }) => audit)
    expect(names).toEqual(['run_started', ...Array(3).fill('chunk_committed'), 'run_completed'])
    expect(events.every((event) => 'run' in event && event.run === run.id && event.actor === 'user')).toBe(
      true,
    )
    const chunks = events.filter((event) => event.audit === 'chunk_committed')
    expect(chunks.map(({ chunk }) => chunk)).toEqual([0, 1, 2])
    expect(chunks.reduce((sum, { done }) => sum + done.bytes, 0)).toBe(run.done.bytes)
    expect(chunks[0]).toMatchObject({ mode: 'act', action: 'condemn', reasons: ['test'], node: 'test-node' })
    expect(chunks[0]!.sample).toEqual(items(10).map(({ path }) => path))
    expect(events.at(-1)).toMatchObject({ done: run.done, skipped: { changed: 3 }, chunks: 3 })
  })

  it('[A-03] every event is a line of the log', async () => {
    const lines: string[] = []
    const log = createLogger('info', { write: (line) => void lines.push(line) })
    await using node = await startNode([jobPlugin(doAll, items(1))], { log })
    await node.jobs.run('sweep', { act: true })
    expect(lines.map((line) => JSON.parse(line).audit)).toEqual([
      'run_started',
      'chunk_committed',
      'run_completed',
    ])
  })

  it('[A-03] an aborted run says why', async () => {
    await using node = await startNode([
      jobPlugin(async () => {
        throw new Error('no luck')
      }),
    ])
    const events: AuditEvent[] = []
    node.audit.on((event) => events.push(event))
    await node.jobs.run('sweep', { act: true })
    expect(events.at(-1)).toMatchObject({
      audit: 'run_aborted',
      reason: 'authority_write_failed',
      message: 'no luck',
    })
  })

  it('[A-03] a listener that throws keeps no other from hearing, and one that has gone hears nothing', async () => {
    await using node = await startNode([jobPlugin(doAll, items(1))])
    let [gone, heard] = [0, 0]
    node.audit.on(() => {
      throw new Error('broken')
    })
    const listener = node.audit.on(() => gone++)
    node.audit.on(() => heard++)
    listener[Symbol.dispose]()
    expect((await node.jobs.run('sweep', {})).outcome.status).toBe('completed')
    expect([gone, heard]).toEqual([0, 2])
  })

  it('[A-03] plugins bring their own events, and wrong ones do not compile', async () => {
    const emitter = plugin('acme', ({ audit, onStart }) => {
      onStart(() => audit.emit('acme_moved', { shelf: 'b' }))
      // @ts-expect-error no such event
      const unknown = () => audit.emit('acme_vanished', {})
      // @ts-expect-error its shelf is missing
      const incomplete = () => audit.emit('acme_moved', {})
      return void [unknown, incomplete]
    })
    await using node = createNode({ plugins: [emitter], id: 'test-node', log: 'silent' })
    const seen: AuditEvent[] = []
    node.audit.on((event) => seen.push(event))
    await node.start()
    expectTypeOf<AuditEvent<'acme_moved'>>().toHaveProperty('shelf').toEqualTypeOf<string>()
    expect(seen).toMatchObject([{ audit: 'acme_moved', shelf: 'b', node: 'test-node' }])
  })
})

describe('metrics', () => {
  it('[A-03] count runs, their time, files and bytes', async () => {
    const clock = new FakeClock()
    const act: PlannedJob<unknown>['act'] = async (chunk, context) => {
      await clock.advance(500)
      return doAll(chunk, context)
    }
    await using node = await startNode([jobPlugin(act, items(2000))], { clock })
    await node.jobs.run('sweep', { act: true })
    await node.jobs.run('sweep', {})
    const of = (name: string) => node.metrics.snapshot().find((metric) => metric.name === name)?.series
    expect(of('holdfast_job_runs_total')).toEqual([
      { labels: { job: 'sweep', mode: 'act', outcome: 'completed' }, value: 1 },
      { labels: { job: 'sweep', mode: 'dry', outcome: 'completed' }, value: 1 },
    ])
    expect(of('holdfast_job_files_total')).toEqual([{ labels: { job: 'sweep' }, value: 2000 }])
    expect(of('holdfast_job_bytes_total')).toMatchObject([{ value: 20_000 }])
    expect(of('holdfast_job_running')).toMatchObject([{ value: 0 }])
    expect(of('holdfast_job_run_seconds')).toMatchObject([
      {
        value: 1,
        count: 1,
        buckets: expect.arrayContaining([
          { le: 0.1, count: 0 },
          { le: 1, count: 1 },
        ]),
      },
      { value: 0, count: 1 },
    ])
  })

  it('[A-03] plugins bring their own; asking twice gives the same; wrong uses do not compile or throw', async () => {
    const counting = plugin('acme', ({ metrics }) => {
      metrics.counter('acme_moves_total', 'Moves.').add({ shelf: 'a' })
      metrics.counter('acme_moves_total', 'Moves.').add({ shelf: 'a' }, 2)
      // @ts-expect-error it is a counter
      expect(() => metrics.gauge('acme_moves_total', '')).toThrow(TypeError)
      // @ts-expect-error no such label
      const wrong = () => metrics.counter('acme_moves_total', '').add({ floor: 'a' })
      expect(() => metrics.counter('acme_moves_total', '').add({ shelf: 'a' }, -1)).toThrow(TypeError)
      return void wrong
    })
    await using node = await startNode([counting])
    expect(node.metrics.snapshot().find(({ name }) => name === 'acme_moves_total')).toMatchObject({
      kind: 'counter',
      help: 'Moves.',
      series: [{ labels: { shelf: 'a' }, value: 3 }],
    })
  })
})

describe('progress', () => {
  it('[A-02] has a smoothed rate and the time that is left, by the clock', async () => {
    const clock = new FakeClock()
    const seconds = [1, 1, 2, 2]
    const act: PlannedJob<unknown>['act'] = async (chunk, context) => {
      await clock.advance(1000 * (seconds.shift() ?? 0))
      return doAll(chunk, context)
    }
    await using node = await startNode([jobPlugin(act, items(4000))], { clock })
    const seen: RunProgress[] = []
    await node.jobs.run('sweep', { act: true }, { onProgress: (progress) => seen.push(progress) })
    const acting = seen.filter(({ phase }) => phase === 'acting')
    expect(acting[0]).toMatchObject({ done: 0, total: 4000, rate: undefined, eta: undefined })
    expect(acting[1]).toMatchObject({ done: 1000, rate: 1000, eta: 3000 })
    expect(acting[2]).toMatchObject({ done: 2000, rate: 1000, eta: 2000 })
    expect(acting[3]!.rate).toBeLessThan(1000)
    expect(acting[3]!.rate).toBeGreaterThan(500)
    expect(acting[3]!.eta).toBe(Math.round((1000 / acting[3]!.rate!) * 1000))
    expect(acting[4]).toMatchObject({ done: 4000, eta: 0 })
    expect(seen.filter(({ phase }) => phase === 'planning').every(({ total }) => total === undefined)).toBe(
      true,
    )
  })
})

describe('status', () => {
  it('[A-02] answers before the start, while running, with a closed gate, and after the stop', async () => {
    const clock = new FakeClock()
    const acting = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    let open = true
    const node = createNode({
      id: 'test-node',
      clock,
      log: 'silent',
      plugins: [
        jobPlugin(
          async (chunk, context) => {
            acting.resolve()
            await release.promise
            return doAll(chunk, context)
          },
          items(2000),
          { schedule: '0 3 * * *', timeZone: 'Europe/Berlin' },
        ),
        tapper('door', async () => (open ? undefined : { deny: 'closed' })),
      ],
    })
    const status = async () => (await node.jobs.status())[0]
    expect(await status()).toMatchObject({
      job: 'sweep',
      enabled: true,
      schedule: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      nextRunAt: undefined,
      verdict: { allowed: false, by: 'node' },
    })
    await node.start()
    expect(await status()).toMatchObject({
      nextRunAt: Date.UTC(2026, 0, 1, 2),
      verdict: { allowed: true, role: 'standalone' },
      running: undefined,
      lastRun: undefined,
    })
    const run = node.jobs.run('sweep', { act: true })
    await acting.promise
    open = false
    expect(await status()).toMatchObject({
      verdict: { allowed: false, by: 'door', message: 'closed', role: 'standalone' },
      running: { phase: 'acting', done: 0, total: 2000 },
    })
    release.resolve()
    const ended = await run
    expect(ended.outcome).toMatchObject({ reason: 'authority_lost' })
    expect(await status()).toMatchObject({ running: undefined, lastRun: ended })
    await node.stop()
    expect(await status()).toMatchObject({
      nextRunAt: undefined,
      verdict: { allowed: false, by: 'node' },
      lastRun: ended,
    })
    await expect(node.jobs.run('sweep', {})).rejects.toMatchObject({ code: 'HF_STOPPED' })
  })

  it('[A-02] a job without a schedule is not enabled and answers too', async () => {
    await using node = await startNode([jobPlugin(doAll)])
    expect(await node.jobs.status()).toMatchObject([
      { enabled: false, schedule: undefined, nextRunAt: undefined },
    ])
  })
})
