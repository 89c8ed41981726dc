import { inspect } from 'node:util'
import {
  createNode,
  definePlugin,
  duration,
  isHoldfastError,
  type NodeOptions,
  type Plugin,
  type ServiceName,
  shape,
  text,
} from '@holdfast/core'
import { describe, expect, it } from 'vitest'

/** The error of an assembly, its problems, and what the process has open that it had not before. */
function assembled(options: NodeOptions) {
  const before = process.getActiveResourcesInfo()
  try {
    createNode({ log: 'silent', env: {}, ...options })
  } catch (error) {
    if (!isHoldfastError(error)) throw error
    const problems = error.context.problems as readonly { plugin: string; problem: string }[]
    return { error, problems, before, after: process.getActiveResourcesInfo() }
  }
  return expect.unreachable('the node should have been refused')
}

/** A plugin that writes down what of it is called. */
function witness(called: string[], spec: Partial<Parameters<typeof definePlugin>[0]>): Plugin {
  const id = spec.id ?? 'witness'
  return definePlugin({
    name: `test-${id}`,
    id,
    version: '1.0.0',
    api: '1.0',
    setup: ({ provide }) => {
      called.push(id)
      for (const name of spec.provides ?? []) provide(name, () => ({ name: id }) as never)
    },
    ...spec,
  })
}

describe('bad input', () => {
  it('[K-01] a config with five mistakes is one coded error with all five, and nothing was called or left open', () => {
    const called: string[] = []
    const knobs = {
      delay: duration({ doc: 'A test.', default: '1h' }),
      pause: duration({ doc: 'A test.', default: '1h' }),
      rest: duration({ doc: 'A test.', default: '1h' }),
      must: duration({ doc: 'A test.' }),
    }
    const { error, problems, before, after } = assembled({
      plugins: [witness(called, { config: knobs, options: { delay: 'soon', dealy: '1h' } })],
      env: { HOLDFAST_WITNESS_PAUSE: 'later' },
      config: { witness: { rest: 'never' } },
    })
    expect(error).toMatchObject({ code: 'HF_ASSEMBLY_INVALID', kind: 'invalid', operation: 'createNode' })
    expect(problems).toHaveLength(5)
    for (const word of [
      '"delay" is "soon"',
      '"dealy" is unknown',
      '_PAUSE is "later"',
      '"witness.rest"',
      '"must"',
    ])
      expect(
        problems.filter(({ plugin, problem }) => plugin === 'test-witness' && problem.includes(word)),
      ).toEqual([expect.anything()])
    expect(called).toEqual([])
    expect(after).toEqual(before)
  })

  it('[K-10] a config with a secret in each of its five mistakes shows none of them', () => {
    const called: string[] = []
    const secrets = ['c0de-hunter2', 'env-hunter2', 'file-hunter2', 'typo-hunter2', 'astray-hunter2'] as const
    const [code, env, file, typo, astray] = secrets
    const secret = () =>
      shape<string>({
        doc: 'A test.',
        takes: 'another token',
        secret: true,
        read(value) {
          // The one that stands astray is a good one.
          if (value === astray || value === typo) return value
          throw new Error(`${String(value)} is refused`)
        },
      })
    const knobs = {
      one: secret(),
      two: secret(),
      three: secret(),
      four: secret(),
      five: secret(),
      level: duration({ doc: 'A test.', default: '1h' }),
      title: text({ doc: 'A test.', default: 'none' }),
    }
    const { error, problems, before, after } = assembled({
      plugins: [
        witness(called, {
          config: knobs,
          options: { one: code, four: typo, five: astray, level: astray, [typo]: 'x' },
        }),
      ],
      env: { HOLDFAST_WITNESS_TWO: env },
      config: { witness: { three: file } },
    })
    expect(error.code).toBe('HF_ASSEMBLY_INVALID')
    expect(problems).toHaveLength(5)
    for (const { problem } of problems) expect(problem).toContain('(secret)')
    const all = [
      error.message,
      error.stack,
      JSON.stringify(error.context),
      inspect(error, { depth: 9 }),
    ].join()
    for (const each of secrets) expect(all).not.toContain(each)
    expect(called).toEqual([])
    expect(after).toEqual(before)
  })

  it('[K-01] a circle of plugins is one coded error that names it, and nothing was called or left open', () => {
    const called: string[] = []
    const link = (id: ServiceName, need: ServiceName) =>
      witness(called, { id, needs: [need], provides: [id] })
    const { error, problems, before, after } = assembled({
      plugins: [link('one', 'two'), link('two', 'three'), link('three', 'one')],
    })
    expect(error).toMatchObject({ code: 'HF_ASSEMBLY_INVALID', kind: 'invalid' })
    expect(problems).toEqual([
      { plugin: 'test-one', problem: expect.stringMatching(/circle: one -> two -> three -> one; /) },
    ])
    expect(called).toEqual([])
    expect(after).toEqual(before)
  })
})
