import { isDeepStrictEqual } from 'node:util'
import { plugin as backendLocal } from '@holdfast/backend-local'
import { type ConfigEntry, createNode, type Plugin } from '@holdfast/core'
import { plugin as manifest } from '@holdfast/manifest'
import { plugin as retention } from '@holdfast/plugin-retention'
import { describe, expect, it } from 'vitest'

/** Every plugin of ours. */
const OURS: Readonly<Record<string, (options: never) => Plugin>> = {
  'backend-local': backendLocal,
  manifest,
  retention,
}
/** What must be given, given by the weakest place that can. */
const REQUIRED: Readonly<Record<string, Record<string, unknown>>> = {
  'backend-local': { root: '/files' },
  manifest: { dataDir: '/data' },
}

type Layer = 'code' | 'environment' | 'file' | 'default'
type Given = Readonly<Partial<Record<Layer, unknown>>>

/** What a node makes of one setting that is given like this. */
function resolve(plugin: string, knob: string, given: Given): ConfigEntry {
  const code = 'code' in given ? { [knob]: given.code } : {}
  const file = 'file' in given ? { [knob]: given.file } : {}
  const node = createNode({
    plugins: Object.entries(OURS).map(([id, make]) => make((id === plugin ? code : {}) as never)),
    ...(plugin === 'node' && code),
    env: 'environment' in given ? { [variableOf(plugin, knob)]: String(given.environment) } : {},
    config: { ...REQUIRED, [plugin]: { ...REQUIRED[plugin], ...file } },
  })
  const found = node.explainConfig().find((entry) => entry.plugin === plugin && entry.knob === knob)
  if (!found) throw new Error(`${plugin}.${knob} is not explained`)
  return found
}

/** The rule written out once more, so that a change of it is seen. */
function variableOf(plugin: string, knob: string): string {
  const words = (text: string) => text.replace(/[A-Z]/g, '_$&').replaceAll('-', '_').toUpperCase()
  return `HOLDFAST_${words(plugin)}_${words(knob)}`
}

/** Values that some knob takes, and how the environment says the same. */
const SAMPLES: readonly { readonly value: unknown; readonly text: string }[] = [
  ...['/one', '/two', 'info', 'silent', 'local', 'shared', 'refused', 'checked'].map((value) => ({
    value,
    text: value,
  })),
  ...[1000, 2000, 60_000, 120_000].flatMap((value) => [
    { value, text: `${value}ms` },
    { value, text: `${value}B` },
  ]),
  ...[1, 2].map((value) => ({ value, text: String(value) })),
  ...['0 3 * * *', '0 4 * * *', 'Europe/Berlin', 'Asia/Tokyo', '20%', '30%', 'refuse', 'off'].map(
    (value) => ({ value, text: value }),
  ),
  { value: true, text: 'yes' },
  { value: false, text: 'off' },
  ...['raw', 'old'].map((id) => {
    const value = [{ id, match: '**', maxAge: '90d' }]
    return { value, text: JSON.stringify(value) }
  }),
]

/** Two samples that the knob takes and tells apart. */
function samplesOf(plugin: string, knob: string) {
  const taken = SAMPLES.flatMap((sample) => {
    try {
      const { value: read } = resolve(plugin, knob, { code: sample.value })
      const inEnvironment = resolve(plugin, knob, { environment: sample.text }).value
      return isDeepStrictEqual(read, inEnvironment) ? [{ ...sample, read }] : []
    } catch {
      return []
    }
  })
  const [one] = taken
  const two = taken.find(({ read }) => !isDeepStrictEqual(read, one?.read))
  if (!one || !two) throw new Error(`no two samples for ${plugin}.${knob}: add some`)
  return [one, two] as const
}

const PAIRS: readonly (readonly [Layer, Layer])[] = [
  ['code', 'environment'],
  ['code', 'file'],
  ['code', 'default'],
  ['environment', 'file'],
  ['environment', 'default'],
  ['file', 'default'],
]

const SETTINGS = createNode({
  plugins: Object.values(OURS).map((make) => make({} as never)),
  env: {},
  config: REQUIRED,
}).explainConfig()

describe.each(SETTINGS)('$plugin.$knob', ({ plugin, knob }) => {
  it.each(PAIRS)('[K-10] %s beats %s', (strong, weak) => {
    const [one, two] = samplesOf(plugin, knob)
    for (const [winner, loser] of [
      [one, two],
      [two, one],
    ] as const) {
      const say = (layer: Layer, { value, text }: typeof winner): Given => {
        if (layer === 'default') return {}
        return { [layer]: layer === 'environment' ? text : value }
      }
      const entry = resolve(plugin, knob, { ...say(weak, loser), ...say(strong, winner) })
      expect(entry).toMatchObject({ source: strong, value: winner.read })
    }
  })
})

const NUMBERS = Object.entries(OURS).flatMap(([plugin, make]) =>
  Object.entries(make({} as never).config).flatMap(([knob, { bounds, zero, negative }]) =>
    bounds ? [{ plugin, knob, bounds, zero, negative }] : [],
  ),
)

describe.each(NUMBERS)('$plugin.$knob', ({ plugin, knob, bounds, zero, negative }) => {
  it.each([
    [0, zero],
    [-1, negative],
  ])('[K-10] %d has a meaning that is documented, or is refused', (value, meaning) => {
    const attempt = () => resolve(plugin, knob, { code: value }).value
    if (value >= bounds.min) {
      expect(attempt()).toBe(value)
      expect(meaning).toMatch(/\w/)
    } else expect(attempt).toThrow(/it is below its floor of/)
  })

  it('[K-10] its ceiling is taken, and more is refused', () => {
    const ceiling = bounds.max ?? Number.MAX_SAFE_INTEGER
    expect(resolve(plugin, knob, { code: ceiling }).value).toBe(ceiling)
    expect(() => resolve(plugin, knob, { code: ceiling + 1 })).toThrow(/it is above its ceiling of/)
  })
})
