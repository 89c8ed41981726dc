import { inspect } from 'node:util'
import {
  createNode,
  definePlugin,
  HoldfastError,
  type HoldfastNode,
  isHoldfastError,
  type Journal,
  type PluginContext,
  type ServiceName,
  text,
} from '@holdfast/core'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { MemoryBatches } from './hooks/memory-batches.ts'
import { items, startNode } from './support.ts'

const SECRET = `hunter2 "quoted"\n& more\n${'a line of a key\n'.repeat(9)}`
const FORMS = [
  SECRET,
  JSON.stringify(SECRET).slice(1, -1),
  JSON.stringify(JSON.stringify(SECRET).slice(1, -1)).slice(1, -1),
  encodeURIComponent(SECRET),
]
const knobs = { token: text({ doc: 'A test.', secret: true }) }

/** Everything of an error that could give a secret away, as its message, stack, cause and fields. */
class Telling extends Error {
  readonly token = SECRET
  readonly held = { deep: [{ token: SECRET }], map: new Map([['token', SECRET]]), set: new Set([SECRET]) }
  constructor() {
    super(`log in with ${SECRET} at http://host/?t=${encodeURIComponent(SECRET)}`, {
      cause: new Error(`refused ${SECRET}`, { cause: { json: `{"token":${JSON.stringify(SECRET)}}` } }),
    })
    Object.defineProperty(this, 'hidden', { value: SECRET })
    Object.defineProperty(this, 'read', { get: () => SECRET, enumerable: true })
  }
}

const loop = () => {
  const error: Error & { self?: unknown } = new Error(SECRET)
  error.self = error
  error.cause = error
  return error
}

const THROWN: readonly (readonly [what: string, make: () => unknown])[] = [
  ['an error of its own', () => new Telling()],
  ['a coded error', () => new HoldfastError('HF_BACKEND', SECRET, { context: { SECRET }, cause: loop() })],
  ['several errors', () => new AggregateError([new Telling(), SECRET], SECRET)],
  ['an aborted signal', () => new DOMException(SECRET, 'AbortError')],
  ['a text', () => SECRET],
  ['an object', () => ({ token: SECRET })],
]

type Ctx = PluginContext<never, ServiceName, typeof knobs>

/** A plugin with a secret, and a log that is read. */
function teller(setup: (ctx: Ctx) => void, provides: readonly ServiceName[] = []) {
  const lines: string[] = []
  const plugin = definePlugin({
    name: 'teller',
    id: 'teller',
    version: '1.0.0',
    api: '1.0',
    config: knobs,
    options: { token: SECRET },
    provides,
    setup,
  })
  const log = pino({ level: 'debug', base: null }, { write: (line: string) => void lines.push(line) })
  return { plugin, log, logged: () => lines.join('') }
}

/** What a person or a program can see of it. */
function seen(value: unknown): string {
  const json = typeof value === 'object' ? JSON.stringify(value) : ''
  const fields = value instanceof Error ? [value.message, value.stack, String(value)] : []
  return [...fields, json, inspect(value, { depth: 12, showHidden: true, getters: true })].join('\n')
}

function expectNothingOf(...shown: readonly unknown[]): void {
  const all = shown.map((value) => (typeof value === 'string' ? value : seen(value))).join('\n')
  for (const form of FORMS) expect(all).not.toContain(form)
  expect(all).not.toContain('hunter2')
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error,
  )
}

describe.each(THROWN)('a plugin that throws %s with a secret in it', (what, make) => {
  const fail = () => {
    throw make()
  }

  it('[K-10] in setup shows none', () => {
    const { plugin, log, logged } = teller(fail)
    try {
      createNode({ plugins: [plugin], log, env: {} })
      expect.unreachable('it should have failed')
    } catch (error) {
      expect(isHoldfastError(error)).toBe(true)
      expectNothingOf(error, logged())
      expect(seen(error)).toContain('(secret)')
    }
  })

  it.each(['create', 'start', 'onStart'] as const)('[K-10] in %s shows none', async (where) => {
    const { plugin, log, logged } = teller(
      ({ provide, onStart, onStop }) => {
        provide('one', () => {
          if (where === 'create') fail()
          return { name: 'one', start: where === 'start' ? async () => fail() : () => undefined, stop: fail }
        })
        onStart(() => (where === 'onStart' ? fail() : undefined))
        onStop(fail)
      },
      ['one'],
    )
    const error = await rejection(createNode({ plugins: [plugin], log, env: {}, id: 'n' }).start())
    expectNothingOf(error, logged())
    expect(seen(error)).toContain('(secret)')
  })

  it('[K-10] in stop shows none, in one place or in several', async () => {
    for (const places of [1, 2]) {
      const { plugin, log, logged } = teller(
        ({ provide, onStop }) => {
          provide('one', () => ({ name: 'one', stop: async () => fail() }))
          if (places === 2) onStop(fail)
        },
        ['one'],
      )
      const node = await createNode({ plugins: [plugin], log, env: {}, id: 'n' }).start()
      const error = await rejection(node.stop())
      expectNothingOf(error, logged())
      expect(seen(error)).toContain('(secret)')
    }
  })

  it('[K-10] in the gate, as tap and as condition and in a denial, shows none', async () => {
    const setups: ((ctx: Ctx) => void)[] = [
      ({ hooks }) => hooks.gate.tap(async () => fail()),
      ({ hooks }) => hooks.gate.tap(fail),
      ({ hooks }) => hooks.gate.tap({ stage: 1 }, async () => ({ deny: `not with ${SECRET}` })),
      ({ provide }) => provide('one', () => ({ name: 'one', checkGate: fail })),
      ({ provide }) => provide('roles', () => ({ roleFor: fail })),
    ]
    for (const [at, setup] of setups.entries()) {
      const { plugin, log, logged } = teller(setup, at === 3 ? ['one'] : at === 4 ? ['roles'] : [])
      await using node = await startNode([plugin, sweeper()], { log, env: {} })
      const verdict = await node.gate.check({ action: 'condemn', actor: 'user' })
      expect(verdict).toMatchObject({ allowed: false })
      const denied = await rejection(node.jobs.run('sweep', { act: true }))
      expectNothingOf(verdict, denied, node.hooks.status(), await node.jobs.status(), logged())
      // Of a thrown object a message says nothing.
      if (what !== 'an object')
        expect(verdict).toMatchObject({ message: expect.stringContaining('(secret)') })
    }
  })

  it('[K-10] in a consumer of batches shows none in its status, its row and the log', async () => {
    const batches = new MemoryBatches()
    const { plugin, log, logged } = teller(
      ({ hooks, provide }) => {
        provide('batches', () => batches)
        hooks.onManifestBatch.tap(async () => fail())
        hooks.onFileDeleted.tap(fail)
      },
      ['batches'],
    )
    const node = await startNode([plugin], { log, env: {} })
    batches.append(['b'], ['file'])
    await node.hooks.drain()
    const status = node.hooks.status()
    expect(status.consumers.map(({ attempts }) => attempts)).toEqual([1, 1])
    await node.stop()
    expectNothingOf(status, [...batches.rows.values()], logged())
  })

  it('[K-10] in a job, while it plans, acts and checks, shows none in record, history, audit, status and log', async () => {
    for (const where of ['plan', 'act', 'run'] as const) {
      const { plugin, log, logged } = teller(({ jobs }) => {
        const life = { name: 'tell', doc: 'A job of a test.', action: 'condemn' } as const
        if (where === 'run') jobs.define({ ...life, run: async () => fail() })
        else
          jobs.define({
            ...life,
            async *plan() {
              if (where === 'plan') fail()
              yield items(1)
            },
            act: async () => fail(),
          })
      })
      await using node = await startNode([plugin], { log, env: {} })
      const heard: unknown[] = []
      node.audit.on((event) => heard.push(event))
      const run = await node.jobs.run('tell', { act: true })
      expect(run.outcome.status).toBe('aborted')
      const planned = where === 'plan' ? await rejection(node.jobs.plan('tell')) : undefined
      expectNothingOf(
        run,
        planned,
        heard,
        await node.jobs.history('tell'),
        await node.jobs.status(),
        logged(),
      )
    }
  })

  it('[K-10] in the check of a request shows none', async () => {
    for (const check of [fail, () => [`not with ${SECRET}`]]) {
      const { plugin, log, logged } = teller(({ jobs }) =>
        jobs.define({ name: 'tell', doc: '', action: 'erase', check, run: async () => undefined }),
      )
      await using node = await startNode([plugin], { log, env: {} })
      const error = await rejection(node.jobs.run('tell', { act: true }))
      expectNothingOf(error, logged())
    }
  })

  it('[K-10] in a journal shows none', async () => {
    const { plugin, log, logged } = teller(
      ({ provide, jobs }) => {
        const broken = async () => fail()
        provide('journal', () => ({ ...NO_JOURNAL, recordRun: broken, runs: broken, openRuns: broken }))
        jobs.define({ name: 'tell', doc: '', action: 'erase', run: async () => undefined })
      },
      ['journal'],
    )
    await using node: HoldfastNode = await startNode([plugin], { log, env: {} })
    const run = await rejection(node.jobs.run('tell', { act: true }))
    const history = await rejection(node.jobs.history('tell'))
    expectNothingOf(run, history, await node.jobs.status(), logged())
  })
})

describe('what a plugin throws', () => {
  it('[K-10] stays what it is: itself without a secret, of its class, code and cause with one', async () => {
    const plain = new Error('no secret', { cause: new Map([['a', 1]]) })
    const harmless = teller(({ onStart }) =>
      onStart(() => {
        throw plain
      }),
    )
    const start = (told: typeof harmless) =>
      rejection(createNode({ plugins: [told.plugin], log: told.log, env: {}, id: 'n' }).start())
    expect(((await start(harmless)) as Error).cause).toBe(plain)
    const telling = new Telling()
    const { message } = telling
    const failed = (await start(
      teller(({ onStart }) =>
        onStart(() => {
          throw telling
        }),
      ),
    )) as Error
    const told = failed.cause as Telling
    expect(told).toBeInstanceOf(Telling)
    expect(told.cause).toBeInstanceOf(Error)
    expect(told.message).toBe('log in with (secret) at http://host/?t=(secret)')
    // The plugin's own is its own.
    expect(telling.message).toBe(message)
    const coded = await start(
      teller(({ onStart }) =>
        onStart(() => {
          throw new HoldfastError('HF_BACKEND', SECRET, {
            kind: 'throttled',
            context: { bucket: 'b', SECRET },
          })
        }),
      ),
    )
    expect(isHoldfastError(coded)).toBe(true)
    expect(coded).toMatchObject({
      code: 'HF_BACKEND',
      kind: 'throttled',
      retryable: true,
      message: 'HF_BACKEND: (secret)',
      context: { bucket: 'b', SECRET: '(secret)' },
    })
  })
})

function sweeper() {
  return definePlugin({
    name: 'sweeper',
    id: 'sweeper',
    version: '1.0.0',
    api: '1.0',
    setup: ({ jobs }) =>
      jobs.define({ name: 'sweep', doc: '', action: 'condemn', run: async () => undefined }),
  })
}

const NO_JOURNAL: Journal = {
  spool: async () => undefined,
  addPlan: async () => undefined,
  plan: async () => undefined,
  plans: async () => [],
  planItems: async function* () {},
  removePlan: async () => undefined,
  recordRun: async () => undefined,
  openRuns: async () => [],
  runs: async () => [],
} as Journal
