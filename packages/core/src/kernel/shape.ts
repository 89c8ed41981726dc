import { inspect } from 'node:util'
import { messageOf } from '../errors.ts'
import { API_VERSION, type Plugin } from './plugin.ts'

/** The id under which the node's own settings stand. */
export const NODE_ID = 'node'
const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/** A plugin whose parts are what they should be, those that are not left empty; and what is wrong with them. */
export interface ReadPlugin {
  readonly plugin: Plugin
  readonly problems: readonly string[]
}

/** Looks at every member of a plugin, so that all other checks can rely on them. */
export function readPlugin(given: Plugin): ReadPlugin {
  const problems: string[] = []
  const said = (problem: string) => void problems.push(problem)
  const name = isText(given.name) ? given.name : undefined
  if (name === undefined) said('has no name; give it the npm name of its package')
  const id = typeof given.id === 'string' ? given.id : undefined
  if (id === undefined || !ID.test(id)) said(`has the id ${inspect(given.id)}, which is not kebab-case`)
  if (id === NODE_ID) said(`has the id ${NODE_ID}, which is the node's own; choose another`)
  if (!isText(given.version)) said('has no version; give it that of its package')
  const problem = apiProblem(given.api, API_VERSION)
  if (problem !== undefined) said(problem)
  const texts = (field: 'needs' | 'provides' | 'failpoints'): readonly string[] => {
    const list: unknown = given[field]
    if (Array.isArray(list) && list.every(isText)) return list
    said(`${field} is ${inspect(list)}; it takes a list of names`)
    return []
  }
  const [needs, provides, failpoints] = [texts('needs'), texts('provides'), texts('failpoints')]
  const config: Record<string, unknown> = {}
  if (!isRecord(given.config)) said(`config is ${inspect(given.config)}; it takes knobs by name`)
  else
    for (const [knob, value] of Object.entries<unknown>(given.config))
      if (isKnob(value)) config[knob] = value
      else
        said(`has the knob "${knob}", which is none; make it with duration(), bytes(), shape() or their like`)
  const options = optionsOf(given.options, said)
  if (typeof given.setup !== 'function') said('has no setup function')
  const own = {
    ...given,
    name: name ?? inspect(given.name),
    id: id ?? '',
    needs,
    provides,
    failpoints,
    config,
    options,
  }
  return { plugin: own as Plugin, problems }
}

/** A getter among the options may throw: they are read once, here. */
function optionsOf(given: unknown, said: (problem: string) => void): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  if (!isRecord(given)) said(`options is ${inspect(given)}; it takes an object`)
  else
    for (const option of Object.keys(given))
      try {
        options[option] = given[option]
      } catch (error) {
        said(`option "${option}" cannot be read: ${messageOf(error)}`)
      }
  return options
}

/** Same major, minor not above the kernel's; below 1.0 nothing is promised, so the minor must be the same. */
export function apiProblem(wanted: unknown, kernel: string): string | undefined {
  const parts = typeof wanted === 'string' ? /^(\d+)\.(\d+)$/.exec(wanted) : null
  if (!parts) return `states the api ${inspect(wanted)}; state a contract version such as '${kernel}'`
  const [major, minor] = kernel.split('.').map(Number) as [number, number]
  const [wantedMajor, wantedMinor] = [Number(parts[1]), Number(parts[2])]
  if (wantedMajor === major && (major === 0 ? wantedMinor === minor : wantedMinor <= minor)) return undefined
  const isOlder = wantedMajor < major || (wantedMajor === major && wantedMinor < minor)
  return `was written for api ${wanted}, this core has ${kernel}; update ${isOlder ? 'the plugin' : '@holdfast/core'}`
}

function isKnob(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value.read === 'function' &&
    typeof value.doc === 'string' &&
    typeof value.takes === 'string'
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
