import type { Knob } from './knob.ts'
import { nearest } from './nearest.ts'
import type { Environment, Problem, Section } from './section.ts'

/** The variable that sets a knob: `HOLDFAST_RETENTION_ERASE_DELAY`, unless the knob has one of its own. */
export function variableOf(id: string, name: string, knob: Knob<unknown>): string {
  return knob.env ?? `${prefixOf(id)}${upperSnake(name)}`
}

function prefixOf(id: string): string {
  return `HOLDFAST_${upperSnake(id)}_`
}

function upperSnake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()
}

/** Variables that two knobs would read, and variables that look like a plugin's and are none. */
export function environmentProblems(sections: readonly Section[], env: Environment): Problem[] {
  const problems: Problem[] = []
  const claimed = new Map<string, Section>()
  for (const section of sections)
    for (const [name, knob] of Object.entries(section.knobs)) {
      const variable = variableOf(section.id, name, knob)
      const other = claimed.get(variable)
      // Two plugins of one id are a problem of their own.
      if (other && (other === section || other.id !== section.id))
        problems.push({
          plugin: section.owner,
          problem: `reads ${variable} for "${name}", which ${other.owner} reads already; give the knob an \`env\` of its own`,
        })
      else claimed.set(variable, section)
    }
  for (const [variable, value] of Object.entries(env)) {
    if (value === undefined || claimed.has(variable)) continue
    const section = longestMatch(sections, variable)
    if (section) problems.push({ plugin: section.owner, problem: strayVariable(variable, section) })
  }
  return problems
}

/** HOLDFAST_A_B_C belongs to `a-b` before it belongs to `a`. */
function longestMatch(sections: readonly Section[], variable: string): Section | undefined {
  const matching = sections.filter(({ id }) => variable.startsWith(prefixOf(id)))
  return matching.sort((a, b) => b.id.length - a.id.length)[0]
}

function strayVariable(variable: string, { id, knobs }: Section): string {
  const known = Object.entries(knobs).map(([name, knob]) => variableOf(id, name, knob))
  // Compared without the common beginning, which would make everything look near.
  const short = (name: string) => (name.startsWith(prefixOf(id)) ? name.slice(prefixOf(id).length) : name)
  const near = nearest(short(variable), known.map(short))
  const meant = known.find((name) => short(name) === near)
  const hint = meant === undefined ? '' : ` did you mean "${meant}"?`
  return `the environment has ${variable}, which sets nothing;${hint} known are ${known.join(', ') || 'none'}`
}
