import { type ConfigEntry, configure } from '../config/configuration.ts'
import { suggestion } from '../config/nearest.ts'
import type { Secrets } from '../config/secrets.ts'
import type { Problem, Section } from '../config/section.ts'
import { HoldfastError } from '../errors.ts'
import type { NodeOptions } from './node.ts'
import { NODE_KNOBS, type NodeConfig } from './node-knobs.ts'
import { isPlugin, type Plugin } from './plugin.ts'
import { isOptional, serviceOf } from './services.ts'
import { NODE_ID, readPlugin } from './shape.ts'

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

/** Checked by the compiler to be all of them. */
const OPTIONS = Object.keys({
  plugins: true,
  id: true,
  layout: true,
  clock: true,
  ids: true,
  clockWatch: true,
  log: true,
  failpoints: true,
  schedules: true,
  logTo: true,
  startDeadline: true,
  stopDeadline: true,
  closeDeadline: true,
  storeTimeout: true,
  storeRetries: true,
  storeRate: true,
  config: true,
  env: true,
} satisfies Record<keyof NodeOptions, true>)

/** Names of nodes stand in records, logs and labels. */
const ID = /^[\w.-]{1,128}$/

/**
 * Checks a set of plugins with all their settings and puts it in the order of its needs, before anything runs or opens.
 * @throws HF_ASSEMBLY_INVALID with every problem in its context.
 */
export function assemble(options: NodeOptions): Assembled {
  const problems: Problem[] = optionProblems(options)
  const { plugins: given, log, config = {} } = options ?? {}
  const { startDeadline, stopDeadline, closeDeadline, storeTimeout, storeRetries, storeRate } = options ?? {}
  const plugins: Plugin[] = []
  for (const [index, value] of Array.isArray(given) ? given.entries() : [])
    if (!isPlugin(value)) problems.push({ plugin: `plugins[${index}]`, problem: whyNotAPlugin(value) })
    else {
      const read = readPlugin(value)
      plugins.push(read.plugin)
      for (const problem of read.problems) problems.push({ plugin: read.plugin.name, problem })
    }
  problems.push(...sharedIds(plugins), ...serviceProblems(plugins))
  const ownLog = typeof log === 'object' ? undefined : log
  const deadlines = { startDeadline, stopDeadline, closeDeadline }
  const node = { log: ownLog, ...deadlines, storeTimeout, storeRetries, storeRate }
  const sections: Section[] = [{ owner: 'node', id: NODE_ID, knobs: NODE_KNOBS, code: node }]
  for (const { name, id, config: knobs, options: code } of plugins)
    sections.push({ owner: name, id, knobs, code })
  const configuration = configure(sections, { file: config, env: options?.env ?? process.env })
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

/** What is wrong with the options of the node, apart from those that are settings. */
function optionProblems(options: unknown): Problem[] {
  const of = (problem: string): Problem => ({ plugin: 'node', problem })
  if (typeof options !== 'object' || options === null)
    return [of('has no options; give createNode({ plugins: [...] })')]
  const problems = Object.keys(options)
    .filter((name) => !OPTIONS.includes(name))
    .map((name) =>
      of(`option "${name}" is unknown;${suggestion(name, OPTIONS)} known are ${OPTIONS.join(', ')}`),
    )
  const { plugins, id, schedules } = options as Partial<NodeOptions>
  if (!Array.isArray(plugins))
    problems.push(of('has no list of plugins; give createNode({ plugins: [...] })'))
  if (id !== undefined && !(typeof id === 'string' && ID.test(id)))
    problems.push(
      of(`has the id ${JSON.stringify(id)}; give it 1 to 128 letters, digits, dots, dashes or underscores`),
    )
  if (schedules !== undefined && schedules !== 'off')
    problems.push(of(`has schedules ${JSON.stringify(schedules)}; it takes off, or leave it out`))
  return problems
}

export function assemblyInvalid(problems: readonly Problem[], cause?: unknown): HoldfastError {
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

function sharedIds(plugins: readonly Plugin[]): Problem[] {
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

function serviceProblems(plugins: readonly Plugin[]): Problem[] {
  const problems: Problem[] = []
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
