import { inspect } from 'node:util'
import {
  createNode,
  definePlugin,
  type Knobs,
  type Logger,
  type NodeOptions,
  type Plugin,
  type PluginContext,
  shape,
  text,
} from '@holdfast/core'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'

const [CODE, ENV, FILE] = ['c0de-pa$$word', 'env-pa$$word', 'file-pa$$word'] as const
const SECRETS = [CODE, ENV, FILE]

/** Takes nothing, and says everything that it knows about it. */
const tactless = () =>
  shape({
    doc: 'A test.',
    takes: 'the right password',
    secret: true,
    read(value): string {
      throw new Error(`${String(value)} is wrong`)
    },
  })
const token = () => text({ doc: 'A test.', secret: true })

function secretPlugin(
  config: Knobs,
  options: Record<string, unknown>,
  setup: (ctx: PluginContext<never, never, Knobs>) => void = () => undefined,
): Plugin {
  return definePlugin({ name: 'vault', id: 'vault', version: '1', api: '1.0', config, options, setup })
}

function thrownBy(options: NodeOptions): unknown {
  try {
    createNode(options)
  } catch (error) {
    return error
  }
  return undefined
}

/** Everything that anybody could print of an error. */
function everythingOf(error: unknown): string {
  const { message, stack, context } = error as { message: string; stack?: string; context?: unknown }
  return [message, stack, JSON.stringify(context), inspect(error, { depth: 9, showHidden: true })].join('\n')
}

function lines(): { readonly log: Logger; readonly text: () => string } {
  const parts: string[] = []
  const log = pino({ level: 'debug', base: null }, { write: (part: string) => void parts.push(part) })
  return { log, text: () => parts.join('') }
}

describe('secrets', () => {
  it('[K-10] a config with a mistake in a secret of each place shows none of them', () => {
    const error = thrownBy({
      plugins: [
        secretPlugin({ one: tactless(), two: tactless(), three: tactless(), four: token() }, { one: CODE }),
      ],
      env: { HOLDFAST_VAULT_TWO: ENV, HOLDFAST_VAULT_FOUR: '' },
      config: { vault: { three: FILE } },
    })
    expect(error).toMatchObject({
      code: 'HF_ASSEMBLY_INVALID',
      context: {
        problems: [
          { plugin: 'vault', problem: expect.stringMatching(/^option "one" is \(secret\)/) },
          { plugin: 'vault', problem: expect.stringMatching(/^HOLDFAST_VAULT_TWO is \(secret\)/) },
          { plugin: 'vault', problem: expect.stringMatching(/^"vault.three" in the file is \(secret\)/) },
          { plugin: 'vault', problem: expect.stringMatching(/^HOLDFAST_VAULT_FOUR is \(secret\)/) },
        ],
      },
    })
    for (const secret of SECRETS) expect(everythingOf(error)).not.toContain(secret)
  })

  it('[K-10] a secret too short to be masked in other text is not quoted either', () => {
    const error = thrownBy({ plugins: [secretPlugin({ one: tactless() }, { one: 'q7#' })], env: {} })
    expect(everythingOf(error)).toContain('(secret)')
    expect(everythingOf(error)).not.toContain('q7#')
  })

  it('[K-10] a secret under a name that does not exist, or at a knob that is none, is not shown', () => {
    const error = thrownBy({
      plugins: [
        secretPlugin(
          { token: token(), level: shape<number>({ doc: 'A test.', takes: 'a number', read: refuse }) },
          { tokn: CODE, token: ENV, level: ENV },
        ),
      ],
      env: { HOLDFAST_VAULT_TOKN: ENV },
      config: { vault: { tokeen: FILE } },
    })
    expect((error as { context: { problems: unknown[] } }).context.problems).toHaveLength(4)
    for (const secret of SECRETS) expect(everythingOf(error)).not.toContain(secret)
  })

  it('[K-10] explainConfig masks them, wherever they come from', () => {
    const config = { one: token(), two: token(), three: token() }
    const node = createNode({
      plugins: [secretPlugin(config, { one: CODE })],
      env: { HOLDFAST_VAULT_TWO: ENV },
      config: { vault: { three: FILE } },
    })
    const entries = node.explainConfig().filter(({ plugin }) => plugin === 'vault')
    expect(entries.map(({ knob, value, shown, source }) => [knob, value, shown, source])).toEqual([
      ['one', '(secret)', '(secret)', 'code'],
      ['two', '(secret)', '(secret)', 'environment'],
      ['three', '(secret)', '(secret)', 'file'],
    ])
  })

  it('[K-10] a plugin that logs its settings, or an error that names one, logs no secret', () => {
    const { log, text: logged } = lines()
    const secret = 'with "quotes"\nand lines'
    createNode({
      plugins: [
        secretPlugin({ token: token() }, { token: secret }, ({ config, log: own }) => {
          const error = new Error(`refused ${secret}`, { cause: new Error(secret) })
          const loop: Record<string, unknown> = { secret }
          loop.self = [loop]
          own.info(config, `token ${secret}`)
          own.warn({ err: error, config, url: new URL(`http://x/?t=${encodeURIComponent('plain')}`) })
          own.error({ nested: [{ deep: { config } }] })
          own.child({ token: config.token }).debug({ seen: true })
          own.info({ json: { toJSON: () => ({ secret }) }, held: new Held(secret) })
          own.info({ count: 3, when: new Date(0) }, 'harmless')
        }),
      ],
      env: {},
      log,
    })
    expect(logged()).not.toContain(secret)
    expect(logged()).not.toContain(JSON.stringify(secret).slice(1, -1))
    expect(logged()).toContain('(secret)')
    expect(logged()).toContain('"count":3,"when":"1970-01-01T00:00:00.000Z","msg":"harmless"')
    expect(logged()).toContain('http://x/?t=plain')
  })

  it('[K-10] a setup that throws a secret is reported without it', () => {
    const error = thrownBy({
      plugins: [
        secretPlugin({ token: token() }, { token: CODE }, ({ config }) => {
          throw new Error(`cannot log in with ${String(config.token)}`)
        }),
      ],
      env: {},
    })
    expect(error).toMatchObject({ code: 'HF_ASSEMBLY_INVALID' })
    expect(everythingOf(error)).toContain('cannot log in with (secret)')
    expect(everythingOf(error)).not.toContain(CODE)
  })
})

class Held {
  readonly secret: string
  constructor(secret: string) {
    this.secret = secret
  }
}

function refuse(value: unknown): number {
  throw new Error(`${String(value)} is no number`)
}
