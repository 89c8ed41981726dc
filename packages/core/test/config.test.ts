import {
  bool,
  bytes,
  type ConfigEntry,
  createNode,
  definePlugin,
  duration,
  HoldfastError,
  integer,
  type Knob,
  type Knobs,
  limitKnobs,
  type NodeOptions,
  oneOf,
  optional,
  type Plugin,
  shape,
  text,
} from '@holdfast/core'
import { describe, expect, it } from 'vitest'

/** A plugin that only has settings. */
function knobPlugin(config: Knobs, options: Record<string, unknown> = {}, id = 'deep-sea'): Plugin {
  return definePlugin({
    name: `test-${id}`,
    id,
    version: '1',
    api: '1.0',
    config,
    options,
    setup: () => undefined,
  })
}

type Given = Pick<NodeOptions, 'config' | 'env' | 'stopDeadline' | 'log'>

function entries(plugins: readonly Plugin[], given: Given = {}): readonly ConfigEntry[] {
  return createNode({ plugins, env: {}, ...given }).explainConfig()
}

function settingOf(knobs: Knobs, given: Given & { code?: Record<string, unknown> }): unknown {
  const { code = {}, ...rest } = given
  return entries([knobPlugin(knobs, code)], rest).find(({ knob }) => knob in knobs)?.value
}

function problemsOf(plugins: readonly Plugin[], given: Given = {}): string[] {
  try {
    createNode({ plugins, env: {}, ...given })
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'HF_ASSEMBLY_INVALID')
      return (error.context.problems as { plugin: string; problem: string }[]).map(
        (found) => `${found.plugin}: ${found.problem}`,
      )
    throw error
  }
  return []
}

const ONE_VARIABLE = 'HOLDFAST_DEEP_SEA_ONE'

describe('where a setting comes from', () => {
  const knobs = { one: duration({ doc: 'A test.', default: '4s', zero: 'nothing' }) }

  it('[K-10] code beats environment beats file beats default', () => {
    const [code, env, config] = [
      { one: '1s' },
      { [ONE_VARIABLE]: '2s' },
      { 'deep-sea': { one: '3s' } },
    ] as const
    expect(settingOf(knobs, { code, env, config })).toBe(1000)
    expect(settingOf(knobs, { env, config })).toBe(2000)
    expect(settingOf(knobs, { config })).toBe(3000)
    expect(settingOf(knobs, {})).toBe(4000)
  })

  it('[K-10] undefined in code is unset, 0 is not, and null is wrong', () => {
    const config = { 'deep-sea': { one: '3s' } }
    expect(settingOf(knobs, { code: { one: undefined }, config })).toBe(3000)
    expect(settingOf(knobs, { code: { one: 0 }, config })).toBe(0)
    expect(settingOf(knobs, { env: { [ONE_VARIABLE]: undefined }, config })).toBe(3000)
    expect(problemsOf([knobPlugin(knobs, { one: null })])[0]).toMatch(/option "one" is null/)
  })

  it('[K-10] the settings of the node itself come from the same places', () => {
    const deadline = (given: Given) => entries([], given).find(({ knob }) => knob === 'stopDeadline')
    const env = { HOLDFAST_NODE_STOP_DEADLINE: '2s' }
    const config = { node: { stopDeadline: '3s', log: 'silent' } }
    expect(deadline({ stopDeadline: '1s', env, config })).toMatchObject({ value: 1000, source: 'code' })
    expect(deadline({ env, config })).toMatchObject({ value: 2000, source: 'environment' })
    expect(deadline({ config })).toMatchObject({ value: 3000, source: 'file' })
    expect(deadline({})).toMatchObject({ value: 30_000, source: 'default' })
    expect(problemsOf([], { stopDeadline: 'soon' })).toEqual([
      expect.stringMatching(/^node: option "stopDeadline" is "soon", but it has no unit/),
    ])
    expect(problemsOf([], { env: { HOLDFAST_NODE_LOG: 'loud' } })).toEqual([
      expect.stringMatching(/^node: HOLDFAST_NODE_LOG is "loud", .* one of debug, info/),
    ])
  })

  it('[K-10] explainConfig says what holds, as a person would write it, and where it came from', () => {
    const all = entries([knobPlugin({ ...knobs, two: bytes({ doc: 'A test.', default: 1024 }) })], {
      env: { [ONE_VARIABLE]: '90m' },
    })
    expect(all.filter(({ plugin }) => plugin === 'deep-sea')).toEqual([
      {
        plugin: 'deep-sea',
        knob: 'one',
        value: 5_400_000,
        shown: '90m',
        source: 'environment',
        from: ONE_VARIABLE,
        about: expect.objectContaining({ variable: ONE_VARIABLE }),
      },
      {
        plugin: 'deep-sea',
        knob: 'two',
        value: 1024,
        shown: '1KiB',
        source: 'default',
        about: {
          doc: 'A test.',
          takes: 'a size, such as 512KiB, 64MiB or 10GiB',
          default: '1KiB',
          variable: 'HOLDFAST_DEEP_SEA_TWO',
        },
      },
    ])
  })

  it('[K-10] explainConfig says what a knob means, and never the default of a secret', () => {
    const about = (knob: Knob<unknown>) => entries([knobPlugin({ one: knob })]).at(-1)?.about
    expect(
      about(integer({ doc: 'A test.', default: 3, min: -1, zero: 'none', negative: 'all' })),
    ).toMatchObject({
      zero: 'none',
      negative: 'all',
      default: '3',
    })
    expect(about(optional(text({ doc: 'A test.' }), 'nothing is asked'))).toMatchObject({
      unset: 'nothing is asked',
    })
    expect(about(text({ doc: 'A test.', secret: true, default: 'hunter22' }))).not.toHaveProperty('default')
  })

  it('[K-10] a knob may have a variable of its own, and then has no other', () => {
    const named = { one: text({ doc: 'A test.', default: 'x', env: 'ACME_TOKEN_FILE' }) }
    expect(settingOf(named, { env: { ACME_TOKEN_FILE: '/token' } })).toBe('/token')
    expect(problemsOf([knobPlugin(named)], { env: { [ONE_VARIABLE]: '/token' } })).toEqual([
      expect.stringMatching(/HOLDFAST_DEEP_SEA_ONE, which sets nothing; .*ACME_TOKEN_FILE/),
    ])
  })

  it('[K-10] a knob that need not be given is unset without a default, which is not 0', () => {
    const limit = {
      one: optional(integer({ doc: 'A test.', min: -1, zero: 'none', negative: 'all' }), 'no limit'),
    }
    expect(entries([knobPlugin(limit)]).at(-1)).toMatchObject({ value: undefined, shown: 'unset' })
    expect(settingOf(limit, { env: { [ONE_VARIABLE]: '0' } })).toBe(0)
    expect(settingOf(limit, { env: { [ONE_VARIABLE]: '-1' } })).toBe(-1)
  })

  it('[K-10] what a plugin reads is the value itself: no copy, no flattening, whatever it is made of', () => {
    class Credentials {
      readonly #token = 'x'
      token = () => this.#token
    }
    const credentials = new Credentials()
    let seen: unknown
    const config = {
      one: shape<unknown>({ doc: 'A test.', takes: 'anything', read: (value) => value }),
      two: shape<unknown>({ doc: 'A test.', takes: 'anything', read: (value) => value }),
    }
    const ask = () => 'answer'
    createNode({
      plugins: [
        definePlugin({
          name: 'x',
          id: 'x',
          version: '1',
          api: '1.0',
          config,
          options: { one: credentials, two: ask },
          setup(ctx) {
            seen = ctx.config
          },
        }),
      ],
      env: {},
    })
    expect((seen as { one: unknown }).one).toBe(credentials)
    expect((seen as { two: unknown }).two).toBe(ask)
  })

  it.each(['default', 'constructor', 'format', 'prototype'])('[K-10] a knob may be called %s', (name) => {
    const config = { [name]: integer({ doc: 'A test.', default: 1, zero: 'nothing' }) }
    const variable = `HOLDFAST_DEEP_SEA_${name.toUpperCase()}`
    expect(settingOf(config, {})).toBe(1)
    expect(settingOf(config, { env: { [variable]: '2' } })).toBe(2)
    expect(settingOf(config, { config: { 'deep-sea': { [name]: 3 } } })).toBe(3)
  })

  it('[K-10] the program’s own arguments set nothing', () => {
    const before = process.argv
    process.argv = [...before, '--one', '9s', '--deep-sea.one=9s']
    try {
      expect(settingOf(knobs, {})).toBe(4000)
    } finally {
      process.argv = before
    }
  })
})

describe('what a setting takes', () => {
  const SWITCH = { one: bool({ doc: 'A test.', default: true }) }

  it.each([
    ['true', true],
    ['1', true],
    ['yes', true],
    ['ON', true],
    ['False', false],
    ['0', false],
    ['NO', false],
    ['off', false],
  ])('[K-10] from the environment %s is %s', (given, value) => {
    expect(settingOf(SWITCH, { env: { [ONE_VARIABLE]: given } })).toBe(value)
  })

  it.each(['', ' true', 'y', 'n', 't', '2', '-1', 'enabled', 'null', 'constructor'])(
    '[K-10] from the environment "%s" is neither true nor false',
    (given) => {
      expect(problemsOf([knobPlugin(SWITCH)], { env: { [ONE_VARIABLE]: given } })).toEqual([
        expect.stringMatching(/it takes true or false/),
      ])
    },
  )

  it.each([1, 0, 'true', 'yes', ''])('[K-10] from code and file %j is neither true nor false', (given) => {
    expect(problemsOf([knobPlugin(SWITCH, { one: given })])).toHaveLength(1)
    expect(problemsOf([knobPlugin(SWITCH)], { config: { 'deep-sea': { one: given } } })).toHaveLength(1)
  })

  it.each([
    [duration, '90d', 90 * 86_400_000],
    [duration, '1.5h', 5_400_000],
    [duration, '0', 0],
    [bytes, '64MiB', 64 * 1024 ** 2],
    [bytes, '0B', 0],
    [integer, '0', 0],
    [integer, '12', 12],
  ])('[K-10] %o reads %s', (make, given, value) => {
    const knobs = { one: make({ doc: 'A test.', default: 1, zero: 'nothing' }) }
    expect(settingOf(knobs, { env: { [ONE_VARIABLE]: given } })).toBe(value)
  })

  it.each([
    [duration, '90', 'it has no unit of ms'],
    [duration, '1 fortnight', 'it has no unit'],
    [duration, '-1s', 'it is below its floor of 0'],
    [duration, '0.2ms', 'it is less than 1 ms, and not 0'],
    [duration, '', 'remove the variable'],
    [bytes, '1MB', 'it has no unit of B, KiB'],
    [bytes, '1constructor', 'it has no unit'],
    [integer, '1.5', 'it is not a whole number'],
    [integer, '1e3', 'it is not a whole number'],
    [integer, '99999999999999999999', 'it is not a whole number'],
    [integer, '-1', 'it is below its floor of 0'],
  ])('[K-10] %o refuses %s', (make, given, message) => {
    const knobs = { one: make({ doc: 'A test.', default: 1, zero: 'nothing' }) }
    expect(problemsOf([knobPlugin(knobs)], { env: { [ONE_VARIABLE]: given } })).toEqual([
      expect.stringContaining(message),
    ])
  })

  it('[K-10] a floor and a ceiling are allowed, and beyond them the error names the bound', () => {
    const knobs = { one: duration({ doc: 'A test.', default: '1m', min: '10s', max: '1h' }) }
    expect(settingOf(knobs, { code: { one: '10s' } })).toBe(10_000)
    expect(settingOf(knobs, { code: { one: '1h' } })).toBe(3_600_000)
    const beyond = (one: string | number) => problemsOf([knobPlugin(knobs, { one })])[0]
    expect(beyond('9999ms')).toMatch(/it is below its floor of 10s/)
    expect(beyond(0)).toMatch(/it is below its floor of 10s/)
    expect(beyond(3_600_001)).toMatch(/it is above its ceiling of 1h/)
    const sizes = { one: bytes({ doc: 'A test.', default: '1MiB', max: '1GiB', zero: 'nothing' }) }
    expect(problemsOf([knobPlugin(sizes, { one: '2GiB' })])[0]).toMatch(/above its ceiling of 1GiB/)
    const counts = { one: integer({ doc: 'A test.', default: 1, max: 7, zero: 'nothing' }) }
    expect(problemsOf([knobPlugin(counts, { one: 8 })])[0]).toMatch(/above its ceiling of 7/)
  })

  it('[K-10] one of some words is one of these', () => {
    const knobs = { one: oneOf(['fast', 'safe'], { doc: 'A test.', default: 'safe' }) }
    expect(settingOf(knobs, { env: { [ONE_VARIABLE]: 'fast' } })).toBe('fast')
    expect(problemsOf([knobPlugin(knobs, { one: 'Fast' })])[0]).toMatch(/it takes one of fast, safe/)
  })

  it('[K-10] a list in the environment is JSON, and other text is itself', () => {
    const knobs = { one: shape<unknown>({ doc: 'A test.', takes: 'a list', read: (value) => value }) }
    expect(settingOf(knobs, { env: { [ONE_VARIABLE]: '[{ "id": "raw" }]' } })).toEqual([{ id: 'raw' }])
    expect(settingOf(knobs, { env: { [ONE_VARIABLE]: '22:00-06:00' } })).toBe('22:00-06:00')
    expect(problemsOf([knobPlugin(knobs)], { env: { [ONE_VARIABLE]: '[{' } })[0]).toMatch(/and is none/)
  })
})

describe('what is wrong with the settings', () => {
  const knobs = {
    eraseDelay: duration({ doc: 'A test.', default: '1h', zero: 'not at all', max: '1d' }),
    watch: bool({ doc: 'A test.', default: false }),
    root: text({ doc: 'A test.' }),
  }

  it('[K-01] a config with five mistakes is one error with five problems, each with its cure', () => {
    const problems = problemsOf([knobPlugin(knobs, { eraseDelai: '1h' })], {
      env: { HOLDFAST_DEEP_SEA_WATCH: 'maybe', HOLDFAST_DEEP_SEA_ERASE_DELY: '1h' },
      config: { 'deep-sea': { eraseDelay: '2d', root: './files' }, 'deep-see': {} },
    })
    expect(problems).toHaveLength(5)
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^test-deep-sea: option "eraseDelai" is unknown; did you mean "eraseDelay"\?/),
        expect.stringMatching(
          /^test-deep-sea: the environment has HOLDFAST_DEEP_SEA_ERASE_DELY, which sets nothing; did you mean "HOLDFAST_DEEP_SEA_ERASE_DELAY"\?/,
        ),
        expect.stringMatching(/^test-deep-sea: HOLDFAST_DEEP_SEA_WATCH is "maybe", .*true or false/),
        expect.stringMatching(/^test-deep-sea: "deep-sea.eraseDelay" in the file is "2d", .*ceiling of 1d/),
        expect.stringMatching(/^config: the section "deep-see" belongs to no plugin.* "deep-sea"\?/),
      ]),
    )
  })

  it('[K-01] mistakes in the settings come together with those of the plugins', () => {
    const problems = problemsOf(
      [
        knobPlugin(knobs),
        definePlugin({
          name: 'x',
          id: 'x',
          version: '1',
          api: '9.0',
          needs: ['one'],
          setup: () => undefined,
        }),
      ],
      { stopDeadline: '-1s', config: { 'deep-sea': { roott: 1 } } },
    )
    expect(problems.map((problem) => problem.split(':', 1)[0]).sort()).toEqual([
      'node',
      'test-deep-sea',
      'test-deep-sea',
      'x',
      'x',
    ])
  })

  it('[A-06] what must be given says where it can be', () => {
    expect(problemsOf([knobPlugin(knobs)])).toEqual([
      'test-deep-sea: option "root" must be given: a text; as an option, as HOLDFAST_DEEP_SEA_ROOT, or as "root" in the section "deep-sea" of the file',
    ])
  })

  it('[A-06] a variable belongs to the plugin whose id says most of it', () => {
    const plugins = [
      knobPlugin({ c: integer({ doc: 'A test.', default: 1 }) }, {}, 'a'),
      knobPlugin({ x: integer({ doc: 'A test.', default: 1 }) }, {}, 'a-b'),
    ]
    expect(problemsOf(plugins, { env: { HOLDFAST_A_B_C: '1', HOLDFAST_OTHER_THING: '1' } })).toEqual([
      expect.stringMatching(/^test-a-b: the environment has HOLDFAST_A_B_C/),
    ])
  })

  it('[A-06] two knobs that read one variable are refused', () => {
    const plugins = [
      knobPlugin({ bC: integer({ doc: 'A test.', default: 1 }) }, {}, 'a'),
      knobPlugin({ c: integer({ doc: 'A test.', default: 1 }) }, {}, 'a-b'),
    ]
    expect(problemsOf(plugins)).toEqual([
      expect.stringMatching(/^test-a-b: reads HOLDFAST_A_B_C for "c", which test-a reads already/),
    ])
  })

  it.each([
    ['a list', [], /config: is not an object of sections/],
    ['a text', 'x', /config: is not an object of sections/],
    ['a section that is none', { 'deep-sea': 5 }, /the section "deep-sea" is not an object/],
    ['a key of the prototype', { 'deep-sea': JSON.parse('{"__proto__": 1}') }, /"__proto__" is unknown/],
    ['a section of the prototype', JSON.parse('{"__proto__": {}}'), /the section "__proto__"/],
  ])('[A-06] a file with %s is refused', (_what, config, message) => {
    const plugins = [knobPlugin({ one: text({ doc: 'A test.', default: 'x' }) })]
    expect(problemsOf(plugins, { config: config as never })).toEqual([expect.stringMatching(message)])
  })

  it('[A-06] a value that cannot be shown is still refused by name', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    const one = { one: text({ doc: 'A test.' }) }
    for (const value of [circle, 1n, () => 1, Symbol('x')])
      expect(problemsOf([knobPlugin(one, { one: value })])[0]).toMatch(/option "one" is .*it is not a text/)
  })

  it.each(['a.b', 'Big', 'with-dash', '_x'])('[A-06] a knob called %s is refused', (name) => {
    expect(problemsOf([knobPlugin({ [name]: text({ doc: 'A test.', default: 'x' }) })])).toEqual([
      expect.stringMatching(/not camelCase/),
    ])
  })

  it('[A-06] no plugin takes the id of the node', () => {
    expect(problemsOf([knobPlugin({}, {}, 'node')])[0]).toMatch(/the node's own/)
  })

  it.each([
    ['0.2', 0.2],
    ['.2', 0.2],
    ['20%', 0.2],
    ['0', 0],
    ['-0', undefined],
    ['1', 1],
    ['off', 'off'],
  ])('[K-10] a share of %s in the environment is %s', (given, value) => {
    const knobs = { maxShare: limitKnobs().maxShare }
    const env = { HOLDFAST_DEEP_SEA_MAX_SHARE: given }
    if (value === undefined) expect(problemsOf([knobPlugin(knobs)], { env })).toHaveLength(1)
    else expect(settingOf(knobs, { env })).toBe(value)
  })

  it('[K-10] a share of -0 is 0', () => {
    expect(settingOf({ maxShare: limitKnobs().maxShare }, { code: { maxShare: -0 } })).toBe(0)
  })

  it('[K-10] a misspelt variable is told the whole name of the one that was meant', () => {
    const knobs = { d: duration({ doc: 'A test.', default: '1h' }) }
    expect(problemsOf([knobPlugin(knobs)], { env: { HOLDFAST_DEEP_SEA_E: '1' } })[0]).toContain(
      'did you mean "HOLDFAST_DEEP_SEA_D"?',
    )
  })

  it('[K-10] what is wrong with a Boolean of the environment lists every word for one', () => {
    const knobs = { dry: bool({ doc: 'A test.', default: false }) }
    const [problem] = problemsOf([knobPlugin(knobs)], { env: { HOLDFAST_DEEP_SEA_DRY: 'maybe' } })
    for (const word of ['true', 'false', '1', '0', 'yes', 'no', 'on', 'off']) expect(problem).toContain(word)
  })
})
