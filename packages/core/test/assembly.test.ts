import { createNode, definePlugin, duration, HoldfastError, type HookPort, type Plugin } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { plugin } from './support.ts'

function problemsOf(plugins: readonly unknown[]): string[] {
  try {
    createNode({ plugins: plugins as Plugin[], log: 'silent' })
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'HF_ASSEMBLY_INVALID')
      return (error.context.problems as { plugin: string; problem: string }[]).map(
        (p) => `${p.plugin}: ${p.problem}`,
      )
    throw error
  }
  return []
}

describe('assembling a node', () => {
  it('[K-01] all problems of all plugins come in one error', () => {
    const knobs = { delay: duration({ doc: 'A delay.', default: '1h' }), must: duration({ doc: 'A must.' }) }
    const problems = problemsOf([
      plugin,
      definePlugin({ name: 'a', id: 'Not Kebab', version: '1', api: '2.0', setup: () => undefined }),
      definePlugin({
        name: 'b',
        id: 'b',
        version: '1',
        api: '1.0',
        needs: ['one'],
        config: knobs,
        options: { delay: 'soon', dealy: 1 },
        setup: () => undefined,
      }),
    ])
    expect(problems).toHaveLength(7)
    expect(problems.join('\n')).toMatch(/call it/)
    expect(problems.join('\n')).toMatch(/not kebab-case/)
    expect(problems.join('\n')).toMatch(/written for api 2.0/)
    expect(problems.join('\n')).toMatch(/needs the service one/)
    expect(problems.join('\n')).toMatch(/"dealy" is unknown/)
    expect(problems.join('\n')).toMatch(/"must" must be given/)
    expect(problems.join('\n')).toMatch(/"delay" is "soon"/)
  })

  it('[K-01] two plugins of one id and two providers of one service are refused', () => {
    const provider = (id: string) =>
      definePlugin({
        name: `test-${id}`,
        id,
        version: '1',
        api: '1.0',
        provides: ['one'],
        setup: ({ provide }) => provide('one', () => ({ name: id })),
      })
    expect(problemsOf([provider('a'), provider('b')])).toEqual([
      expect.stringMatching(/b: provides one, which test-a provides/),
    ])
    expect(problemsOf([plugin('a'), plugin('a')])).toEqual([
      expect.stringMatching(/has the id a, which test-a has already/),
    ])
  })

  it('[K-01] a circle of needs is named', () => {
    const circle = (id: 'one' | 'two', need: 'one' | 'two') =>
      definePlugin({
        name: id,
        id,
        version: '1',
        api: '1.0',
        needs: [need],
        provides: [id],
        setup: ({ provide }) => provide(id, () => ({ name: id })),
      })
    expect(problemsOf([circle('one', 'two'), circle('two', 'one')])).toEqual([
      expect.stringMatching(/one -> two -> one/),
    ])
  })

  it('[K-01] a setup that throws, returns a promise or forgets a service is named', () => {
    const throwing = plugin('a', () => {
      throw new Error('no luck')
    })
    expect(problemsOf([throwing])).toEqual(['test-a: its setup failed: no luck'])
    expect(problemsOf([plugin('b', (async () => undefined) as () => void)])[0]).toMatch(/must be synchronous/)
    expect(
      problemsOf([
        definePlugin({
          name: 'c',
          id: 'c',
          version: '1',
          api: '1.0',
          provides: ['one'],
          setup: () => undefined,
        }),
      ])[0],
    ).toMatch(/its setup does not/)
  })

  it('[K-01] a service that a plugin does not announce, provides twice, late or as a promise is refused', async () => {
    const providing = (provides: readonly ['one'] | readonly [], ...names: ('one' | 'two')[]) =>
      definePlugin({
        name: 'p',
        id: 'p',
        version: '1',
        api: '1.0',
        provides,
        setup: ({ provide }) => {
          for (const name of names) provide(name as never, (() => ({ name })) as never)
        },
      })
    expect(problemsOf([providing([], 'one')])).toEqual([
      'p: its setup failed: it provides one without saying so in provides',
    ])
    expect(problemsOf([providing(['one'], 'one', 'two')])).toEqual([
      'p: its setup failed: it provides two without saying so in provides',
    ])
    expect(problemsOf([providing(['one'], 'one', 'one')])).toEqual([
      'p: its setup failed: it provides one twice',
    ])
    let late: (() => void) | undefined
    createNode({
      plugins: [
        plugin('late', ({ jobs }) => {
          late = () =>
            jobs.define({
              name: 'x',
              doc: '',
              action: 'condemn',
              plan: async function* () {},
              act: async () => ({ done: { files: 0, bytes: 0, rows: 0 }, skipped: {} }),
            })
        }),
      ],
      log: 'silent',
    })
    expect(late).toThrow(/defines a job after setup/)
    const promised = definePlugin({
      name: 'p',
      id: 'p',
      version: '1',
      api: '1.0',
      provides: ['one'],
      setup: ({ provide }) => provide('one', (async () => ({ name: 'one' })) as never),
    })
    await expect(createNode({ plugins: [promised], log: 'silent' }).start()).rejects.toThrow(
      /must return the service, at once/,
    )
  })

  it.each(['', 'a b', 'x'.repeat(129), '\ud800'])('[K-01] a node is not called %j', (id) => {
    expect(() => createNode({ plugins: [], id, log: 'silent' })).toThrow(
      expect.objectContaining({ code: 'HF_ASSEMBLY_INVALID' }),
    )
  })

  it('[K-03] the api of a plugin has the same major and no higher minor', () => {
    const of = (api: `${number}.${number}`) =>
      problemsOf([definePlugin({ name: 'x', id: 'x', version: '1', api, setup: () => undefined })])
    expect(of('1.0')).toEqual([])
    expect(of('1.1')[0]).toMatch(/update @holdfast\/core/)
    expect(of('0.9')[0]).toMatch(/update the plugin/)
  })

  it('[K-16] hooks are sealed after the last setup', () => {
    let late: (() => void) | undefined
    createNode({
      plugins: [
        plugin('late', ({ hooks }) => {
          late = () => hooks.gate.tap(async () => undefined)
        }),
      ],
      log: 'silent',
    })
    expect(late).toThrow(expect.objectContaining({ code: 'HF_HOOKS_SEALED' }))
  })

  it.each(['onManifestBatch', 'onFileDeleted'] as const)(
    '[K-01] a tap on %s is refused on a node that has nothing to deliver it from',
    (hook) => {
      const tapping = plugin('early', ({ hooks }) =>
        (hooks[hook] as HookPort<unknown, void>).tap(async () => undefined),
      )
      expect(problemsOf([tapping])).toEqual([expect.stringMatching(`early: taps ${hook}, but no plugin`)])
    },
  )

  it('[K-16] no plugin gets the service that hooks are delivered from', () => {
    const needy = definePlugin({
      name: 'needy',
      id: 'needy',
      version: '1',
      api: '1.0',
      needs: ['batches'],
      setup: () => undefined,
    })
    expect(problemsOf([needy])).toEqual([expect.stringMatching(/the kernel's own/)])
  })

  it('[K-16] a plugin gets the services that it needs and nothing else', async () => {
    const seen: string[][] = []
    const provider = definePlugin({
      name: 'p',
      id: 'p',
      version: '1',
      api: '1.0',
      provides: ['one', 'two'],
      setup({ provide }) {
        provide('one', () => ({ name: 'one' }))
        provide('two', () => ({ name: 'two' }))
      },
    })
    const user = definePlugin({
      name: 'u',
      id: 'u',
      version: '1',
      api: '1.0',
      needs: ['one', 'three?'],
      setup: ({ onStart }) => onStart((services) => void seen.push(Object.keys(services))),
    })
    await using _node = await createNode({ plugins: [user, provider], log: 'silent' }).start()
    expect(seen).toEqual([['one', 'three']])
  })

  it.each<[string, object, RegExp]>([
    ['no id', { id: undefined }, /has the id undefined/],
    ['a list for an id', { id: ['acme'] }, /has the id \[ 'acme' \]/],
    ['no name', { name: undefined }, /has no name/],
    ['no version', { version: undefined }, /has no version/],
    ['a number for an api', { api: 1 }, /states the api 1;/],
    ['no setup', { setup: undefined }, /has no setup/],
    ['a text for needs', { needs: 'manifest' }, /needs is 'manifest'; it takes a list/],
    ['null among its needs', { needs: [null] }, /needs is \[ null \]/],
    ['a text for provides', { provides: 'x' }, /provides is 'x'/],
    ['a text for failpoints', { failpoints: 'abc' }, /failpoints is 'abc'/],
    ['null for a knob', { config: { a: null } }, /the knob "a", which is none/],
    ['a plain object for a knob', { config: { a: { default: 1 } } }, /the knob "a", which is none/],
    ['a list for its config', { config: [] }, /config is \[\]/],
    ['a text for its options', { options: 'x' }, /options is 'x'/],
    [
      'an option that cannot be read',
      {
        options: {
          get a() {
            throw new Error('no luck')
          },
        },
      },
      /option "a" cannot be read: no luck/,
    ],
  ])('[K-01] a plugin with %s is named, with that and nothing else', (_what, part, problem) => {
    const spec = { name: 'test-x', id: 'x', version: '1', api: '1.0', setup: () => undefined, ...part }
    const problems = problemsOf([definePlugin(spec as never), plugin('sound')])
    expect(problems).toEqual([expect.stringMatching(problem)])
    if (!('name' in part)) expect(problems[0]).toMatch(/^test-x: /)
  })

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /node: has no options/],
    ['no plugins', {}, /node: has no list of plugins/],
    ['a plugin for the list', { plugins: plugin('a') }, /node: has no list of plugins/],
    [
      'a misspelt option',
      { plugins: [], log: 'silent', stopDeadlin: 1 },
      /node: option "stopDeadlin" is unknown; did you mean "stopDeadline"/,
    ],
    ['an id that is no text', { plugins: [], log: 'silent', id: 5 }, /node: has the id 5/],
  ])('[K-01] a node of %s is refused', (_what, options, message) => {
    expect(() => createNode(options as never)).toThrow(
      expect.objectContaining({ code: 'HF_ASSEMBLY_INVALID', message: expect.stringMatching(message) }),
    )
  })

  it('[K-01] definePlugin says what it takes', () => {
    expect(() => definePlugin(undefined as never)).toThrow(/takes the description of a plugin/)
  })

  it('[K-01] what the setups of several plugins do wrong comes in one error', () => {
    const throwing = plugin('a', () => {
      throw new Error('no luck')
    })
    const before = plugin('b', ({ hooks }) => hooks.gate.tap({ before: 'nobody' }, async () => undefined))
    expect(problemsOf([throwing, plugin('sound'), before])).toEqual([
      'test-a: its setup failed: no luck',
      expect.stringMatching(/^test-b: .*nobody/),
    ])
  })

  it.each(['onStart', 'onStop'] as const)(
    '[K-16] %s is refused after setup, and without a function',
    (name) => {
      let late: (() => void) | undefined
      createNode({
        plugins: [
          plugin('late', (ctx) => {
            late = () => ctx[name](() => undefined)
          }),
        ],
        log: 'silent',
      })
      expect(late).toThrow(/after setup/)
      expect(problemsOf([plugin('x', (ctx) => ctx[name](undefined as never))])).toEqual([
        expect.stringMatching(/test-x: its setup failed: it calls on(Start|Stop) without a function/),
      ])
    },
  )

  it.each<[string, () => never]>([
    [
      'throws',
      () => {
        throw new Error('no luck')
      },
    ],
    ['gives nothing', () => undefined as never],
  ])('[K-04] a create that %s is an error of its plugin and its service', async (_what, create) => {
    const broken = definePlugin({
      name: 'test-broken',
      id: 'broken',
      version: '1',
      api: '1.0',
      provides: ['one'],
      setup: ({ provide }) => provide('one', create),
    })
    const user = definePlugin({
      name: 'test-user',
      id: 'user',
      version: '1',
      api: '1.0',
      needs: ['one'],
      provides: ['two'],
      setup: ({ provide }) => provide('two', () => ({ name: 'two' })),
    })
    await expect(createNode({ plugins: [user, broken], log: 'silent' }).start()).rejects.toMatchObject({
      code: 'HF_PLUGIN_FAILED',
      context: { plugin: 'broken', part: 'service one', phase: 'start' },
    })
  })

  it.each<[string, object | null]>([
    ['an unknown option', { timelimit: 5 }],
    ['a stage that is no number', { stage: 'x' }],
    ['a before that is no text', { before: 1 }],
    ['null', null],
  ])('[K-16] a tap with %s is refused', (_what, options) => {
    const tapping = plugin('x', ({ hooks }) => hooks.gate.tap(options as never, async () => undefined))
    expect(() => createNode({ plugins: [tapping], log: 'silent' })).toThrow(
      expect.objectContaining({ code: 'HF_OPTION_INVALID', context: { hook: 'gate', plugin: 'x' } }),
    )
  })
})
