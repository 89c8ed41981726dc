import { createNode, definePlugin, type Plugin, type RunRecord } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { jobPlugin, plugin, settle } from './support.ts'

/** A service that writes down its life; another plugin starts after it. */
function witness(life: string[]): Plugin {
  return definePlugin({
    name: 'test-witness',
    id: 'witness',
    version: '1.0.0',
    api: '1.0',
    provides: ['one'],
    setup: ({ provide }) =>
      provide('one', () => ({
        name: 'one',
        start: () => void life.push('started'),
        stop: () => void life.push('stopped'),
      })),
  })
}

function serviceOf(functions: {
  start?: (options: { readonly signal: AbortSignal }) => Promise<void> | void
  stop?: () => Promise<void> | void
}): Plugin {
  return definePlugin({
    name: 'test-bad',
    id: 'bad',
    version: '1.0.0',
    api: '1.0',
    needs: ['one'],
    provides: ['two'],
    setup: ({ provide }) => provide('two', () => ({ name: 'two', ...functions })),
  })
}

const never = () => new Promise<never>(() => undefined)
const quick = { log: 'silent', startDeadline: 20, closeDeadline: 20 } as const

describe('a plugin that misbehaves', () => {
  it('[K-04] one that throws in setup is named, and nothing was opened', () => {
    const life: string[] = []
    const thrower = plugin('bad', () => {
      throw new Error('no licence')
    })
    expect(() => createNode({ plugins: [witness(life), thrower], log: 'silent' })).toThrow(
      expect.objectContaining({
        code: 'HF_ASSEMBLY_INVALID',
        message: expect.stringMatching(/test-bad: its setup failed: no licence/),
      }),
    )
    expect(life).toEqual([])
  })

  it('[K-04] one whose setup would be waited for is named, and nothing was opened', () => {
    const life: string[] = []
    const hanging = plugin('bad', never as never)
    expect(() => createNode({ plugins: [witness(life), hanging], log: 'silent' })).toThrow(
      expect.objectContaining({
        code: 'HF_ASSEMBLY_INVALID',
        message: expect.stringMatching(/test-bad: .*must be synchronous/),
      }),
    )
    expect(life).toEqual([])
  })

  it('[K-04] one that is asynchronous and fails later does not end the process', async () => {
    const unhandled: unknown[] = []
    const listen = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', listen)
    const late = async (): Promise<never> => {
      await Promise.resolve()
      throw new Error('later')
    }
    const creator = definePlugin({
      name: 'test-late',
      id: 'late',
      version: '1.0.0',
      api: '1.0',
      provides: ['two'],
      setup: ({ provide }) => provide('two', late as never),
    })
    expect(() => createNode({ plugins: [plugin('bad', late as never)], log: 'silent' })).toThrow(
      expect.objectContaining({ code: 'HF_ASSEMBLY_INVALID' }),
    )
    await expect(createNode({ plugins: [creator], id: 'n', ...quick }).start()).rejects.toThrow('at once')
    await settle()
    process.off('unhandledRejection', listen)
    expect(unhandled).toEqual([])
  })

  it('[K-04] one that throws in start is named with the part of it, and what was open is closed', async () => {
    const life: string[] = []
    const cause = new Error('port taken')
    const start = () => {
      throw cause
    }
    const node = createNode({ plugins: [witness(life), serviceOf({ start })], ...quick })
    await expect(node.start()).rejects.toMatchObject({
      code: 'HF_PLUGIN_FAILED',
      context: { plugin: 'bad', part: 'service two', phase: 'start' },
      cause,
    })
    expect(life).toEqual(['started', 'stopped'])
  })

  it('[K-04] one that throws in stop is named, and the others are closed', async () => {
    const life: string[] = []
    const stop = () => Promise.reject(new Error('still busy'))
    const node = createNode({ plugins: [witness(life), serviceOf({ stop })], ...quick })
    await node.start()
    await expect(node.stop()).rejects.toMatchObject({
      code: 'HF_PLUGIN_FAILED',
      context: { plugin: 'bad', part: 'service two', phase: 'stop' },
    })
    expect(life).toEqual(['started', 'stopped'])
  })

  it('[K-04] one that hangs in start is told to end, left behind and named, and what was open is closed', async () => {
    const life: string[] = []
    let told: AbortSignal | undefined
    const start = ({ signal }: { readonly signal: AbortSignal }) => {
      told = signal
      return never()
    }
    const node = createNode({ plugins: [witness(life), serviceOf({ start })], ...quick })
    await expect(node.start()).rejects.toMatchObject({
      code: 'HF_PLUGIN_HUNG',
      context: { plugin: 'bad', part: 'service two', phase: 'start', limit: 20 },
    })
    expect(told?.aborted).toBe(true)
    expect(life).toEqual(['started', 'stopped'])
  })

  it('[K-04] what starts after it was given up is closed all the same', async () => {
    const late = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    const bad = serviceOf({ start: () => late.promise, stop: () => closed.resolve() })
    const node = createNode({ plugins: [witness([]), bad], ...quick })
    await expect(node.start()).rejects.toMatchObject({ code: 'HF_PLUGIN_HUNG' })
    late.resolve()
    await closed.promise
  })

  it('[K-04] an onStart function that hangs is named', async () => {
    const life: string[] = []
    const bad = plugin('bad', ({ onStart }) => onStart(never))
    const node = createNode({ plugins: [witness(life), bad], ...quick })
    await expect(node.start()).rejects.toMatchObject({
      code: 'HF_PLUGIN_HUNG',
      context: { plugin: 'bad', part: 'onStart', phase: 'start' },
    })
    expect(life).toEqual(['started', 'stopped'])
  })

  it('[K-04] one that hangs in stop is left behind and named, and the others are closed', async () => {
    const life: string[] = []
    const node = createNode({ plugins: [witness(life), serviceOf({ stop: never })], ...quick })
    await node.start()
    await expect(node.stop()).rejects.toMatchObject({
      code: 'HF_PLUGIN_HUNG',
      context: { plugin: 'bad', part: 'service two', phase: 'stop' },
    })
    expect(life).toEqual(['started', 'stopped'])
  })

  it('[K-04] several that fail to stop are in one error', async () => {
    const bad = plugin('worse', ({ onStop }) => onStop(() => Promise.reject(new Error('will not'))))
    const node = createNode({ plugins: [witness([]), serviceOf({ stop: never }), bad], ...quick })
    await node.start()
    const error = await node.stop().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'HF_STOP_FAILED' })
    expect((error as Error).message).toMatch(/plugin worse failed to stop.*plugin bad took longer/)
  })

  it('[K-04] a schedule without times closes what was open', async () => {
    const life: string[] = []
    const manifest = definePlugin({
      name: 'test-manifest',
      id: 'manifest',
      version: '1.0.0',
      api: '1.0',
      provides: ['manifest'],
      setup: ({ provide }) =>
        provide(
          'manifest',
          () =>
            ({
              get nodeId(): string {
                throw new Error('no id yet')
              },
            }) as never,
        ),
    })
    const bad = jobPlugin(never, [], { schedule: '* * * * *', jitter: 1000 })
    const node = createNode({ plugins: [witness(life), manifest, bad], ...quick })
    await expect(node.start()).rejects.toMatchObject({
      context: { plugin: 'sweeper', job: 'sweep' },
    })
    expect(life).toEqual(['started', 'stopped'])
  })

  it('[K-01] a schedule on a node that has no id is refused, and nothing was opened', () => {
    const life: string[] = []
    const plugins = [witness(life), jobPlugin(never, [], { schedule: '* * * * *' })]
    expect(() => createNode({ plugins, ...quick })).toThrow(
      expect.objectContaining({
        code: 'HF_ASSEMBLY_INVALID',
        context: { problems: [expect.objectContaining({ plugin: 'sweeper' })] },
      }),
    )
    expect(life).toEqual([])
  })

  it('[K-04] a stop while the last onStart function runs without heeding it ends the start', async () => {
    const life: string[] = []
    const running = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const heedless = plugin('heedless', ({ onStart }) =>
      onStart(() => {
        running.resolve()
        return finish.promise
      }),
    )
    const node = createNode({ plugins: [witness(life), heedless], id: 'n', log: 'silent' })
    const start = node.start()
    start.catch(() => undefined)
    await running.promise
    const stop = node.stop()
    finish.resolve()
    await stop
    await expect(start).rejects.toMatchObject({ code: 'HF_STOPPED' })
    expect(life).toEqual(['started', 'stopped'])
  })

  it('[R-07] no run can begin before those of an earlier process have been closed', async () => {
    const looking = Promise.withResolvers<void>()
    const look = Promise.withResolvers<readonly RunRecord[]>()
    const closed: RunRecord[] = []
    const journal = {
      recordRun: async (run: RunRecord) => void closed.push(run),
      runs: async () => [],
      openRuns: () => {
        looking.resolve()
        return look.promise
      },
      plans: async () => [],
    }
    const keeper = definePlugin({
      name: 'test-journal',
      id: 'journal',
      version: '1.0.0',
      api: '1.0',
      provides: ['journal'],
      setup: ({ provide }) => provide('journal', () => journal as never),
    })
    const node = createNode({ plugins: [keeper, jobPlugin(never)], id: 'n', log: 'silent' })
    const start = node.start()
    await looking.promise
    await expect(node.jobs.run('sweep', { act: true })).rejects.toMatchObject({ code: 'HF_NOT_STARTED' })
    look.resolve([])
    await start
    expect(closed).toEqual([])
    await node.stop()
  })

  it('[K-04] a stop does not wait for a start that heeds no signal', async () => {
    const life: string[] = []
    const node = createNode({
      plugins: [witness(life), serviceOf({ start: never })],
      log: 'silent',
      closeDeadline: 20,
    })
    const start = node.start().catch((error: unknown) => error)
    await new Promise((resolve) => setImmediate(resolve))
    await node.stop()
    expect(await start).toMatchObject({ code: 'HF_STOPPED' })
    expect(life).toEqual(['started', 'stopped'])
  })
})
