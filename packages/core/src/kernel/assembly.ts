import { type ConfigEntry, configure } from '../config/configuration.ts'
import type { Secrets } from '../config/secrets.ts'
import type { Environment, Section } from '../config/section.ts'
import { HoldfastError } from '../errors.ts'
import { NODE_KNOBS, type NodeConfig } from './node-knobs.ts'
import { API_VERSION, isPlugin, type Plugin } from './plugin.ts'
import { isOptional, serviceOf } from './services.ts'

export interface AssemblyProblem {
  readonly plugin: string
  /** What is wrong and what to do about it. */
  readonly problem: string
}

export interface AssembledPlugin {
  readonly plugin: Plugin
  readonly config: object
}

export interface Assembled {
  /** In the order of their needs. */
  readonly plugins: readonly AssembledPlugin[]
  readonly node: NodeConfig
  readonly entries: readonly ConfigEntry[]
  readonly secrets: Secrets
}

export interface AssemblyInput {
  readonly plugins: readonly unknown[]
  /** Settings of the node itself, from code. */
  readonly node: Section['code']
  readonly file: unknown
  readonly env: Environment
}

/**
 * Checks a set of plugins with all their settings and puts it in the order of its needs, before anything runs or opens.
 * @throws HF_ASSEMBLY_INVALID with every problem in its context.
 */
export function assemble({ plugins: given, node, file, env }: AssemblyInput): Assembled {
  const problems: AssemblyProblem[] = []
  const plugins = given.flatMap((value, index) => {
    if (isPlugin(value)) return [value]
    problems.push({ plugin: `plugins[${index}]`, problem: whyNotAPlugin(value) })
    return []
  })
  for (const plugin of plugins)
    for (const problem of shapeProblems(plugin)) problems.push({ plugin: plugin.name, problem })
  problems.push(...sharedIds(plugins), ...serviceProblems(plugins))
  const sections: Section[] = [{ owner: 'node', id: NODE_ID, knobs: NODE_KNOBS, code: node }]
  for (const { name, id, config: knobs, options: code } of plugins)
    sections.push({ owner: name, id, knobs, code })
  const configuration = configure(sections, { file, env })
  problems.push(...configuration.problems)
  const { order, cycle } = byNeeds(plugins)
  if (cycle)
    problems.push({
      plugin: cycle[0]?.name ?? '',
      problem: `needs itself in a circle: ${cycle.map(({ id }) => id).join(' -> ')}; one of them must do without`,
    })
  if (problems.length > 0) throw assemblyInvalid(problems)
  const [own, ...configs] = configuration.configs
  const { entries, secrets } = configuration
  return {
    plugins: order.map((plugin) => ({ plugin, config: configs[plugins.indexOf(plugin)] ?? {} })),
    node: own as NodeConfig,
    entries,
    secrets,
  }
}

/** The id under which the node's own settings stand. */
const NODE_ID = 'node'

export function assemblyInvalid(problems: readonly AssemblyProblem[], cause?: unknown): HoldfastError {
  const lines = problems.map(({ plugin, problem }) => `\n  - ${plugin}: ${problem}`)
  return new HoldfastError('HF_ASSEMBLY_INVALID', `the node cannot be assembled:${lines.join('')}`, {
    operation: 'createNode',
    context: { problems },
    cause,
  })
}

function whyNotAPlugin(value: unknown): string {
  if (typeof value === 'function') return `is a function; call it: plugins: [${value.name || 'plugin'}(...)]`
  if (value instanceof Promise) return 'is a promise; await it first'
  if (Array.isArray(value)) return 'is an array; spread it: plugins: [...standalone(...)]'
  if (typeof value === 'object' && value !== null && 'default' in value)
    return 'is a module; import its factory by name and call it'
  return 'is not a plugin; make it with definePlugin'
}

function* shapeProblems(plugin: Plugin): Generator<string> {
  if (typeof plugin.name !== 'string' || plugin.name === '')
    yield 'has no name; give it the npm name of its package'
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(plugin.id))
    yield `has the id ${JSON.stringify(plugin.id)}, which is not kebab-case`
  if (plugin.id === NODE_ID) yield `has the id ${NODE_ID}, which is the node's own; choose another`
  if (typeof plugin.setup !== 'function') yield 'has no setup function'
  const problem = apiProblem(plugin.api, API_VERSION)
  if (problem !== undefined) yield problem
}

/** Same major, minor not above the kernel's; below 1.0 nothing is promised, so the minor must be the same. */
export function apiProblem(wanted: string, kernel: string): string | undefined {
  const parts = /^(\d+)\.(\d+)$/.exec(wanted)
  if (!parts) return `states the api ${JSON.stringify(wanted)}; state a contract version such as '${kernel}'`
  const [major, minor] = kernel.split('.').map(Number) as [number, number]
  const [wantedMajor, wantedMinor] = [Number(parts[1]), Number(parts[2])]
  if (wantedMajor === major && (major === 0 ? wantedMinor === minor : wantedMinor <= minor)) return undefined
  const isOlder = wantedMajor < major || (wantedMajor === major && wantedMinor < minor)
  return `was written for api ${wanted}, this core has ${kernel}; update ${isOlder ? 'the plugin' : '@holdfast/core'}`
}

function sharedIds(plugins: readonly Plugin[]): AssemblyProblem[] {
  const seen = new Map<string, Plugin>()
  return plugins.flatMap((plugin) => {
    const other = seen.get(plugin.id)
    seen.set(plugin.id, plugin)
    return other
      ? [
          {
            plugin: plugin.name,
            problem: `has the id ${plugin.id}, which ${other.name} has already; leave one out`,
          },
        ]
      : []
  })
}

function serviceProblems(plugins: readonly Plugin[]): AssemblyProblem[] {
  const problems: AssemblyProblem[] = []
  const provider = new Map<string, Plugin>()
  for (const plugin of plugins)
    for (const service of plugin.provides) {
      const other = provider.get(service)
      if (other)
        problems.push({
          plugin: plugin.name,
          problem: `provides ${service}, which ${other.name} provides already; leave one out`,
        })
      else provider.set(service, plugin)
    }
  for (const plugin of plugins)
    for (const need of plugin.needs)
      if (serviceOf(need) === 'batches')
        problems.push({
          plugin: plugin.name,
          problem:
            "needs the service batches, which is the kernel's own; tap onManifestBatch or onFileDeleted",
        })
      else if (!isOptional(need) && !provider.has(need))
        problems.push({
          plugin: plugin.name,
          problem: `needs the service ${need}, which no plugin provides; add one that does`,
        })
  return problems
}

/** Providers before those who need them; otherwise the given order. Depth first, so a cycle is found as a path. */
function byNeeds(plugins: readonly Plugin[]): { order: Plugin[]; cycle?: Plugin[] } {
  const provider = new Map(
    plugins.flatMap((plugin) => plugin.provides.map((service) => [service as string, plugin] as const)),
  )
  const order: Plugin[] = []
  const done = new Set<Plugin>()
  const path: Plugin[] = []
  const visit = (plugin: Plugin): Plugin[] | undefined => {
    if (done.has(plugin)) return undefined
    const start = path.indexOf(plugin)
    if (start !== -1) return [...path.slice(start), plugin]
    path.push(plugin)
    for (const need of plugin.needs) {
      const needed = provider.get(serviceOf(need))
      const cycle = needed && visit(needed)
      if (cycle) return cycle
    }
    path.pop()
    done.add(plugin)
    order.push(plugin)
    return undefined
  }
  for (const plugin of plugins) {
    const cycle = visit(plugin)
    if (cycle) return { order, cycle }
  }
  return { order }
}
