import { createNode, definePlugin, type GateRequest, messageOf } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { hookNode } from './hooks/support.ts'
import { HOSTILE, HOSTILE_PROMISES } from './hostile.ts'
import { items, jobPlugin, plugin, settle, startNode, tapper } from './support.ts'

const REQUEST: GateRequest = { action: 'condemn', actor: 'user' }

/** A plugin whose service judges at the gate. */
function conditioned(checkGate: () => never) {
  return definePlugin({
    name: 'c',
    id: 'c',
    version: '1',
    api: '1.0',
    provides: ['one'],
    setup: ({ provide }) => provide('one', () => ({ name: 'one', checkGate })),
  })
}

describe.each(HOSTILE)('a plugin that throws %s', (_what, thrown) => {
  const fail = (): never => {
    throw thrown()
  }

  it('[K-05] has a text', () => {
    expect(messageOf(thrown())).toEqual(expect.any(String))
  })

  it('[K-05] at the gate it denies and is named, also when it rejects', async () => {
    for (const answer of [fail, async () => fail()]) {
      const { node } = await hookNode([tapper('bad', answer)])
      expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: false, by: 'bad', reason: 'unknown' })
    }
  })

  it('[K-05] in a consumer it is named, and the event comes again', async () => {
    const bad = plugin('bad', ({ hooks }) => hooks.onManifestBatch.tap(async () => fail()))
    const { node, batches } = await hookNode([bad])
    batches.append(['a'])
    await settle()
    expect(node.hooks.status().consumers).toEqual([
      expect.objectContaining({ plugin: 'bad', state: 'failing', attempts: 1 }),
    ])
  })

  it('[K-05] as a condition it denies, and the status answers', async () => {
    await using node = await startNode([conditioned(fail), jobPlugin(fail)])
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: false, by: 'one', reason: 'unknown' })
    expect(await node.jobs.status()).toHaveLength(1)
  })

  it('[K-05] in setup, start and stop it is named', async () => {
    expect(() => createNode({ plugins: [plugin('bad', fail)], log: 'silent' })).toThrow(
      expect.objectContaining({ code: 'HF_ASSEMBLY_INVALID' }),
    )
    await expect(startNode([plugin('bad', ({ onStart }) => onStart(fail))])).rejects.toMatchObject({
      code: 'HF_PLUGIN_FAILED',
      context: { plugin: 'bad' },
    })
    const node = await startNode([plugin('bad', ({ onStop }) => onStop(fail))])
    await expect(node.stop()).rejects.toMatchObject({ code: 'HF_PLUGIN_FAILED', context: { plugin: 'bad' } })
  })

  it.each(['plan', 'act'])('[K-05] in the %s of a job, the run ends with a record', async (where) => {
    const job = jobPlugin(
      fail,
      items(1),
      where === 'plan' ? { plan: () => ({ [Symbol.asyncIterator]: fail }) as never } : {},
    )
    await using node = await startNode([job])
    const run = await node.jobs.run('sweep', { act: true })
    expect(run.outcome).toMatchObject({ status: 'aborted', message: expect.any(String) })
    expect(await node.jobs.history('sweep')).toEqual([run])
    expect(node.metrics.snapshot()).toContainEqual(
      expect.objectContaining({
        name: 'holdfast_job_running',
        series: [expect.objectContaining({ value: 0 })],
      }),
    )
  })
})

describe('a tap that returns what is no promise of the language', () => {
  it.each(HOSTILE_PROMISES)('[K-05] %s fails the call, and leaves nothing behind', async (_what, pending) => {
    const { node, clock } = await hookNode([tapper('bad', pending)])
    expect(await node.gate.check(REQUEST)).toMatchObject({
      allowed: false,
      by: 'bad',
      message: expect.stringContaining('failed: broken'),
    })
    await clock.advance(60_000)
    expect(node.hooks.status().taps).toEqual([expect.objectContaining({ calls: 1, failures: 1 })])
  })

  it('[K-05] one that answers twice has answered once', async () => {
    const twice = () => ({
      // biome-ignore lint/suspicious/noThenProperty: this is what the test is about
      then(answer: (value: undefined) => void) {
        answer(undefined)
        answer(undefined)
      },
    })
    const { node, clock } = await hookNode([tapper('twice', twice)])
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: true })
    await clock.advance(60_000)
    const [series] = node.metrics.snapshot().filter(({ name }) => name === 'holdfast_hook_seconds')
    expect(series?.series).toEqual([expect.objectContaining({ count: 1 })])
  })
})
