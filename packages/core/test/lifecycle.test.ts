import { createNode, definePlugin, type Plugin, type ServiceName } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { jobPlugin, plugin, startNode } from './support.ts'

/** A plugin with one service that writes down its life. */
function service<N extends ServiceName>(
  name: N,
  needs: readonly ServiceName[],
  life: string[],
  failing: { start?: boolean; stop?: boolean } = {},
): Plugin {
  return definePlugin({
    name: `test-${name}`,
    id: name,
    version: '1.0.0',
    api: '1.0',
    needs,
    provides: [name],
    setup({ provide }) {
      provide(name, () => {
        const service = {
          name,
          start() {
            life.push(`start ${name}`)
            if (failing.start) throw new Error(`${name} cannot start`)
          },
          async stop() {
            life.push(`stop ${name}`)
            await new Promise((resolve) => setImmediate(resolve))
            life.push(`stopped ${name}`)
            if (failing.stop) throw new Error(`${name} cannot stop`)
          },
        }
        return service as never
      })
    },
  })
}

describe('the life of a node', () => {
  it('[K-04] services start in the order of their needs and stop one at a time in reverse', async () => {
    const life: string[] = []
    const node = createNode({
      plugins: [service('three', ['two'], life), service('two', ['one'], life), service('one', [], life)],
      log: 'silent',
    })
    expect(life).toEqual([])
    await node.start()
    await node.stop()
    expect(life).toEqual([
      'start one',
      'start two',
      'start three',
      'stop three',
      'stopped three',
      'stop two',
      'stopped two',
      'stop one',
      'stopped one',
    ])
  })

  it('[K-04] a failed start closes what was opened and reports the first error, not that of the clean-up', async () => {
    const life: string[] = []
    const plugins = [
      service('one', [], life, { stop: true }),
      service('two', ['one'], life),
      service('three', ['two'], life, { start: true }),
    ]
    const node = createNode({ plugins, log: 'silent' })
    await expect(node.start()).rejects.toThrow('three cannot start')
    expect(life).toEqual([
      'start one',
      'start two',
      'start three',
      'stop two',
      'stopped two',
      'stop one',
      'stopped one',
    ])
    await expect(node.jobs.plan('sweep')).rejects.toMatchObject({ code: 'HF_STOPPED' })
  })

  it('[K-04] a failing onStart closes all services', async () => {
    const life: string[] = []
    const failing = plugin('late', ({ onStart, onStop }) => {
      onStop(() => void life.push('onStop late'))
      onStart(() => {
        throw new Error('too late')
      })
    })
    await expect(startNode([service('one', [], life), failing])).rejects.toThrow('too late')
    expect(life).toEqual(['start one', 'onStop late', 'stop one', 'stopped one'])
  })

  it('[K-04] start and stop are idempotent', async () => {
    const life: string[] = []
    const node = createNode({ plugins: [service('one', [], life)], log: 'silent' })
    expect(await Promise.all([node.start(), node.start()])).toEqual([node, node])
    await Promise.all([node.stop(), node.stop()])
    await node.stop()
    expect(life).toEqual(['start one', 'stop one', 'stopped one'])
  })

  it('[K-04] a service that cannot stop does not keep the others open, and its error is not lost', async () => {
    const life: string[] = []
    const node = await startNode([service('one', [], life), service('two', ['one'], life, { stop: true })])
    await expect(node.stop()).rejects.toThrow('two cannot stop')
    expect(life).toContain('stopped one')
  })

  it('[K-04] stop waits for a running job', async () => {
    const acting = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const node = await startNode([
      jobPlugin(async (chunk) => {
        acting.resolve()
        await finish.promise
        return { done: { files: chunk.length, bytes: 0, rows: 0 }, skipped: {} }
      }),
    ])
    const run = node.jobs.run('sweep', { act: true })
    await acting.promise
    const order: string[] = []
    const stopped = node.stop().then(() => order.push('stopped'))
    run.then(() => order.push('run ended'))
    finish.resolve()
    await stopped
    expect(order).toEqual(['run ended', 'stopped'])
    expect((await run).outcome).toEqual({ status: 'completed' })
  })

  it('[K-04] stop cancels a job that outlasts its deadline and keeps what it did', async () => {
    const acting = Promise.withResolvers<void>()
    const node = await startNode(
      [
        jobPlugin(async (chunk, { signal }) => {
          acting.resolve()
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
          return { done: { files: chunk.length, bytes: 0, rows: 0 }, skipped: {} }
        }),
      ],
      { stopDeadline: 0 },
    )
    const run = node.jobs.run('sweep', { act: true })
    await acting.promise
    await node.stop()
    const { outcome, done } = await run
    expect(outcome).toMatchObject({ status: 'aborted', reason: 'cancelled' })
    expect(done.files).toBe(1000)
  })

  it('[K-04] a node that was stopped while it was starting closes what was open by then', async () => {
    const life: string[] = []
    const started = Promise.withResolvers<void>()
    const slow = plugin('slow', ({ onStart }) =>
      onStart(async (_services, { signal }) => {
        started.resolve()
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      }),
    )
    const node = createNode({ plugins: [service('one', [], life), slow], log: 'silent' })
    const start = node.start()
    await started.promise
    await node.stop()
    await expect(start).rejects.toMatchObject({ code: 'HF_STOPPED' })
    expect(life).toEqual(['start one', 'stop one', 'stopped one'])
  })
})
