import { inspect } from 'node:util'
import { messageOf } from '../errors.ts'
import { environmentProblems, variableOf } from './environment.ts'
import { type Knob, shownValue } from './knob.ts'
import { type Given, type LayeredKnob, type Source, strongest } from './layers.ts'
import { suggestion } from './nearest.ts'
import { Secrets } from './secrets.ts'
import type { Environment, Problem, Section } from './section.ts'

/** One setting as it holds, for people who ask why. A secret's value is `(secret)`. */
export interface ConfigEntry {
  /** The plugin's id, or `node`. */
  readonly plugin: string
  readonly knob: string
  /** In the knob's unit: milliseconds, bytes. */
  readonly value: unknown
  /** As a person would write it: `90d`. */
  readonly shown: string
  readonly source: Source
  /** The variable, the place in the file, or the option that gave it. */
  readonly from?: string
  /** What the knob means, what it takes, and what 0, a number below 0, and leaving it out mean where they have a meaning. */
  readonly about: Pick<Knob<unknown>, 'doc' | 'takes' | 'zero' | 'negative' | 'unset'> & {
    /** The environment variable that sets it. */
    readonly variable: string
    /** As a person would write it; absent when it has none. */
    readonly default?: string
  }
}

export interface Configuration {
  /** Frozen values by knob, one object for each section, in the order of the sections. */
  readonly configs: readonly object[]
  readonly entries: readonly ConfigEntry[]
  readonly secrets: Secrets
  readonly problems: readonly Problem[]
}

/** Every setting of a node, and everything that is wrong with what was given. Code beats environment beats file beats default. */
export function configure(
  sections: readonly Section[],
  given: { readonly file: unknown; readonly env: Environment },
): Configuration {
  const { file, problems } = fileSections(sections, given.file)
  const found: Problem[] = [...problems, ...environmentProblems(sections, given.env)]
  const entries: ConfigEntry[] = []
  const secrets = new Secrets()
  const configs = sections.map((section) => {
    const resolved = resolveSection(section, { file: file[section.id] ?? {}, env: given.env }, secrets)
    entries.push(...resolved.entries)
    for (const problem of resolved.problems) found.push({ plugin: section.owner, problem })
    return resolved.config
  })
  const masked = found.map(({ plugin, problem }) => ({ plugin, problem: secrets.mask(problem) }))
  return { configs, entries, secrets, problems: masked }
}

type FileSection = Readonly<Record<string, unknown>>

function fileSections(sections: readonly Section[], given: unknown) {
  const file: Record<string, FileSection> = Object.create(null)
  const problems: Problem[] = []
  const problem = (text: string) => void problems.push({ plugin: 'config', problem: text })
  if (!isRecord(given)) problem('is not an object of sections, one for each plugin by its id')
  else
    for (const [id, section] of Object.entries(given)) {
      const ids = sections.map((known) => known.id)
      if (!ids.includes(id))
        problem(
          `the section "${id}" belongs to no plugin of this node;${suggestion(id, ids)} known are ${ids.join(', ')}`,
        )
      else if (!isRecord(section)) problem(`the section "${id}" is not an object of settings`)
      else file[id] = section
    }
  return { file, problems }
}

/** One section: its values, where they came from, and what is wrong. */
function resolveSection(
  { id, knobs, code }: Section,
  { file, env }: { readonly file: FileSection; readonly env: Environment },
  secrets: Secrets,
): {
  readonly config: object
  readonly entries: readonly ConfigEntry[]
  readonly problems: readonly string[]
} {
  const names = Object.keys(knobs)
  const unknown = (place: string, values: FileSection) =>
    Object.keys(values)
      .filter((name) => values[name] !== undefined && !Object.hasOwn(knobs, name))
      .map(
        (name) =>
          `${place} "${name}" is unknown;${suggestion(name, names)} known are ${names.join(', ') || 'none'}`,
      )
  const problems = [...unknown('option', code), ...unknown(`in the section "${id}" of the file,`, file)]
  const usable: LayeredKnob[] = []
  // convict would open a name with a dot as a path; and a variable needs a name that can be split into words.
  for (const [name, knob] of Object.entries(knobs))
    if (/^[a-z][A-Za-z0-9]*$/.test(name)) usable.push({ name, variable: variableOf(id, name, knob), knob })
    else problems.push(`has the knob "${name}", whose name is not camelCase; rename it`)
  const given = strongest(usable, { code, env, file })
  const config: Record<string, unknown> = {}
  const entries: ConfigEntry[] = []
  for (const layered of usable) {
    const { name, variable, knob } = layered
    if (knob.secret) for (const value of [code[name], file[name], env[variable]]) secrets.add(value)
    const found = given.get(name)
    const from = found && placeOf(id, layered, found)
    const read = found ? readKnob(knob, found, from ?? name) : unsetKnob(id, layered)
    if ('problem' in read) {
      problems.push(read.problem)
      continue
    }
    config[name] = read.value
    if (knob.secret) secrets.add(read.value)
    entries.push({
      plugin: id,
      knob: name,
      value: knob.secret ? '(secret)' : read.value,
      shown: knob.secret ? '(secret)' : shownValue(knob, read.value),
      source: found?.source ?? 'default',
      ...(from !== undefined && { from }),
      about: aboutOf(layered),
    })
  }
  return { config: Object.freeze(config), entries, problems }
}

type Read = { readonly value: unknown } | { readonly problem: string }

function readKnob(knob: Knob<unknown>, given: Given, place: string): Read {
  try {
    if (given.source !== 'environment') return { value: knob.read(given.value) }
    if (given.text === '') throw new Error('nothing is not a value: remove the variable to leave it unset')
    return { value: knob.read(knob.fromText ? knob.fromText(given.text) : given.text) }
  } catch (error) {
    // A reader may quote what it was given, so nothing of its message stands beside a secret.
    if (knob.secret)
      return { problem: `${place} is (secret), which it does not take; it takes ${knob.takes}` }
    const shown = showGiven(given.source === 'environment' ? given.text : given.value)
    return { problem: `${place} is ${shown}, but ${messageOf(error)}; it takes ${knob.takes}` }
  }
}

function unsetKnob(id: string, { name, variable, knob }: LayeredKnob): Read {
  if (knob.default !== undefined || knob.unset !== undefined) return { value: knob.default }
  const places = `as an option, as ${variable}, or as "${name}" in the section "${id}" of the file`
  return { problem: `option "${name}" must be given: ${knob.takes}; ${places}` }
}

function placeOf(id: string, { name, variable }: LayeredKnob, { source }: Given): string {
  switch (source) {
    case 'code':
      return `option "${name}"`
    case 'environment':
      return variable
    case 'file':
      return `"${id}.${name}" in the file`
  }
}

function showGiven(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}...` : value)
  return inspect(value, { depth: 1, maxArrayLength: 3, maxStringLength: 60, breakLength: Infinity })
}

function isRecord(value: unknown): value is FileSection {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function aboutOf({ variable, knob }: LayeredKnob): ConfigEntry['about'] {
  const { doc, takes, zero, negative, unset } = knob
  return {
    doc,
    takes,
    variable,
    ...(knob.default !== undefined && !knob.secret && { default: shownValue(knob, knob.default) }),
    ...(zero !== undefined && { zero }),
    ...(negative !== undefined && { negative }),
    ...(unset !== undefined && { unset }),
  }
}
