import type { ConfigOf, Knobs } from './knobs.ts'

/** The values of a plugin's knobs, or every problem with them in words that name the knob. */
export function resolveKnobs<K extends Knobs>(
  knobs: K,
  given: Readonly<Record<string, unknown>>,
): { readonly config: ConfigOf<K>; readonly problems: readonly string[] } {
  const config: Record<string, unknown> = {}
  const problems: string[] = []
  for (const name of Object.keys(given))
    if (!Object.hasOwn(knobs, name))
      problems.push(`option "${name}" is unknown; known are ${Object.keys(knobs).join(', ') || 'none'}`)
  for (const [name, knob] of Object.entries(knobs)) {
    const value = given[name]
    if (value === undefined) {
      if (knob.default === undefined) problems.push(`option "${name}" must be given: ${knob.takes}`)
      else config[name] = knob.default
      continue
    }
    try {
      config[name] = knob.read(value)
    } catch (error) {
      const shown = knob.secret ? '(secret)' : JSON.stringify(value)
      problems.push(`option "${name}" is ${shown}, but ${(error as Error).message}; it takes ${knob.takes}`)
    }
  }
  return { config: Object.freeze(config) as ConfigOf<K>, problems }
}
