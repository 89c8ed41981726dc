import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import type { ConfigOf, Knobs } from '../config/knob.ts'
import type { FailpointName, FailpointRegistry } from '../failpoints.ts'
import type { Gate } from '../gate/gate.ts'
import type { HookPorts } from '../hooks/ports.ts'
import type { Ids } from '../ids.ts'
import type { FileInspection } from '../inspection/inspection.ts'
import type { JobDefinition } from '../jobs/definition.ts'
import type { Layout } from '../layout.ts'
import type { Logger } from '../log.ts'
import type { MetricsRegistry } from '../metrics/registry.ts'
import type { Need, Needed, Provided, ServiceName } from './services.ts'

/** The contract version of this kernel. A plugin states the one that it was written for, as a literal. */
export const API_VERSION = '1.0'

export const PLUGIN_BRAND = Symbol.for('holdfast.plugin')

/** What a plugin says about itself, and its one function. */
export interface PluginSpec<N extends Need, P extends ServiceName, K extends Knobs> {
  /** The npm name. */
  readonly name: string
  /** Kebab-case, unique in the node: names its options, jobs, taps and log lines. */
  readonly id: string
  /** The package's version. */
  readonly version: string
  /** The contract version that the plugin was written for: same major as the kernel's, minor not above it. */
  readonly api: `${number}.${number}`
  readonly needs?: readonly N[]
  readonly provides?: readonly P[]
  readonly config?: K
  /** Values for `config`, as the factory got them. */
  readonly options?: { readonly [key: string]: unknown }
  readonly failpoints?: readonly FailpointName[]
  /** Registers taps, services, jobs and life-cycle functions. Synchronous; opens nothing. */
  setup(ctx: PluginContext<N, P, K>): void
}

/** What `setup` registers with. Services arrive as arguments of the registered functions, never by look-up. */
export interface PluginContext<N extends Need, P extends ServiceName, K extends Knobs> {
  readonly hooks: HookPorts
  readonly config: ConfigOf<K>
  readonly log: Logger
  readonly clock: Clock
  readonly ids: Ids
  readonly gate: Gate
  /** Asks the taps of `inspectFile` what a file's own bytes say of its times. From the start of the services on. */
  readonly inspection: FileInspection
  readonly failpoints: FailpointRegistry
  readonly audit: Audit
  readonly metrics: MetricsRegistry
  readonly node: NodeFacts
  readonly jobs: { define<R extends object>(job: JobDefinition<Needed<N>, R>): void }
  /** Hands over a service. `create` opens nothing; the service's own `start` does. */
  provide<S extends P>(name: S, create: (services: Needed<N>) => Provided<S>): void
  /** Runs when every service has started. */
  onStart(fn: (services: Needed<N>, options: { readonly signal: AbortSignal }) => Promise<void> | void): void
  /** Runs before any service stops. */
  onStop(fn: () => Promise<void> | void): void
}

export interface NodeFacts {
  /** The id that the node was given; without one, the manifest keeps one in its data folder. */
  readonly givenId: string | undefined
  readonly layout: Layout
}

/** A plugin, ready to be handed to `createNode`. */
export interface Plugin {
  readonly name: string
  readonly id: string
  readonly version: string
  readonly api: string
  readonly needs: readonly Need[]
  readonly provides: readonly ServiceName[]
  readonly config: Knobs
  readonly options: Readonly<Record<string, unknown>>
  readonly failpoints: readonly FailpointName[]
  setup(ctx: never): void
}

/** Makes a plugin of its description. Checks nothing yet: `createNode` reports all problems of all plugins at once. */
export function definePlugin<
  const N extends Need = never,
  const P extends ServiceName = never,
  const K extends Knobs = Record<never, never>,
>(spec: PluginSpec<N, P, K>): Plugin {
  if (typeof spec !== 'object' || spec === null)
    throw new TypeError('definePlugin takes the description of a plugin: { name, id, version, api, setup }')
  const plugin: Plugin = {
    name: spec.name,
    id: spec.id,
    version: spec.version,
    api: spec.api,
    needs: spec.needs ?? [],
    provides: spec.provides ?? [],
    config: spec.config ?? {},
    options: spec.options ?? {},
    failpoints: spec.failpoints ?? [],
    setup: spec.setup,
  }
  Object.defineProperty(plugin, PLUGIN_BRAND, { value: true })
  return Object.freeze(plugin)
}

/** By brand, not by class: a plugin made with another copy of core is one too. */
export function isPlugin(value: unknown): value is Plugin {
  return (
    typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[PLUGIN_BRAND] === true
  )
}
