import convict from 'convict'
import type { Knob } from './knob.ts'
import type { Environment } from './section.ts'

/** Where a value came from, strongest first. */
export type Source = 'code' | 'environment' | 'file' | 'default'

/** What holds for a knob before it is read; `text` when it is that of an environment variable. */
export type Given =
  | { readonly source: 'environment'; readonly text: string }
  | { readonly source: 'code' | 'file'; readonly value: unknown }

export interface Layers {
  readonly code: Readonly<Record<string, unknown>>
  readonly env: Environment
  readonly file: Readonly<Record<string, unknown>>
}

export interface LayeredKnob {
  readonly name: string
  readonly variable: string
  readonly knob: Knob<unknown>
}

/**
 * The strongest value that each knob was given: code over environment over file. convict merges, and nothing of its
 * own judgement is used: it would turn `0` and `no` into true, read the program's arguments, flatten objects into
 * settings, copy what has a class, and quote values in its errors.
 */
export function strongest(
  knobs: readonly LayeredKnob[],
  { code, env, file }: Layers,
): ReadonlyMap<string, Given> {
  const given = new Map<string, Given>()
  const schema: Record<string, convict.SchemaObj<unknown>> = {}
  for (const { name, variable, knob } of knobs)
    schema[name] = {
      doc: knob.doc,
      default: undefined,
      env: variable,
      sensitive: knob.secret ?? false,
      // It only takes note. Throwing would hand the value over to convict's message.
      format: (found: unknown) => void given.set(name, unboxed(found)),
    }
  const names = knobs.map(({ name }) => name)
  const config = convict<Record<string, unknown>>(schema, { args: [], env: { ...env } as NodeJS.ProcessEnv })
  // `load` lays the environment over the file once more, so code comes after it, and by `set`.
  config.load(boxed(file, names, 'file'))
  for (const [name, box] of Object.entries(boxed(code, names, 'code'))) config.set(name, box)
  config.validate({ allowed: 'strict' })
  return given
}

/** A value from code or file goes through convict in an array, which it neither opens nor takes for text. */
type Box = readonly ['code' | 'file', unknown]

function boxed(
  values: Readonly<Record<string, unknown>>,
  names: readonly string[],
  source: Box[0],
): Record<string, Box> {
  const set = names.filter((name) => Object.hasOwn(values, name) && values[name] !== undefined)
  return Object.fromEntries(set.map((name) => [name, [source, values[name]] as const]))
}

function unboxed(found: unknown): Given {
  if (typeof found === 'string') return { source: 'environment', text: found }
  const [source, value] = found as Box
  return { source, value }
}
