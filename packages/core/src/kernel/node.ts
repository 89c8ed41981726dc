import { type Audit, createAudit } from '../audit/audit.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { ConfigEntry } from '../config/configuration.ts'
import { maskedLog } from '../config/masked-log.ts'
import type { Secrets } from '../config/secrets.ts'
import type { Environment } from '../config/section.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../errors.ts'
import { FailpointRegistry } from '../failpoints.ts'
import { ClockWatch, type ClockWatchOptions } from '../gate/clock-watch.ts'
import { createGate, type Gate, type GateCondition } from '../gate/gate.ts'
import { type Roles, UNKNOWN_ROLES } from '../gate/roles.ts'
import type { BatchSource } from '../hooks/consumers.ts'
import { Delivery } from '../hooks/delivery.ts'
import { createHooks } from '../hooks/hooks.ts'
import { maskedPorts } from '../hooks/masked-ports.ts'
import { type HookMetrics, NO_HOOK_METRICS } from '../hooks/metrics.ts'
import type { NodeHooks } from '../hooks/status.ts'
import { createIds } from '../ids.ts'
import type { Jobs } from '../jobs/jobs.ts'
import { memoryJournal } from '../jobs/memory-journal.ts'
import { JobReport } from '../jobs/report.ts'
import { JobRunner } from '../jobs/runner.ts'
import { hourlyLayout, type Layout } from '../layout.ts'
import { createLogger, type Logger, type LogLevel } from '../log.ts'
import type { Eraser } from '../manifest/eraser.ts'
import type { Files } from '../manifest/files.ts'
import { MetricsRegistry } from '../metrics/registry.ts'
import { type AssembledPlugin, assemble, assemblyInvalid } from './assembly.ts'
import { type Between, Lifecycle, stopFailed } from './lifecycle.ts'
import type { Plugin, PluginContext } from './plugin.ts'
import { Registrations } from './registrations.ts'
import type { ServiceName, Services } from './services.ts'

export interface NodeOptions {
  readonly plugins: readonly Plugin[]
  /** Names this node among others. Default: the manifest makes one and keeps it in its data folder. */
  readonly id?: string
  /** How paths carry namespace and time. Default: {@link hourlyLayout}. */
  readonly layout?: Layout
  readonly clock?: Clock
  /** When the clock is believed; while it is not, nothing destructive is allowed (clock_suspect). */
  readonly clockWatch?: ClockWatchOptions
  /** A logger, or the level of the node's own, which writes JSON lines to standard error. Default `warn`. */
  readonly log?: Logger | LogLevel
  readonly failpoints?: FailpointRegistry
  /** Takes the duration of every tap's call. Default: nobody does. */
  readonly hookMetrics?: HookMetrics
  /** How long `stop` waits for running jobs, and for taps, before it gives them up. Default 30s, at most 1d. */
  readonly stopDeadline?: number | string
  /**
   * What a config file says: settings by knob, by plugin id; those of the node itself under `node`. Options in code
   * and the environment (HOLDFAST_<ID>_<KNOB>) beat it.
   */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Default: `process.env`. */
  readonly env?: Environment
}

/** A storage node. */
export interface HoldfastNode extends AsyncDisposable {
  /** @throws HF_NOT_STARTED before the start, when the id was not given */
  readonly id: string
  readonly files: Files
  readonly eraser: Eraser
  /** There in every state, for `status()`; what it does needs a started node. */
  readonly jobs: Jobs
  readonly audit: Pick<Audit, 'on'>
  readonly metrics: Pick<MetricsRegistry, 'snapshot'>
  readonly gate: Gate
  readonly hooks: NodeHooks
  /** A service by its name. @throws HF_NOT_STARTED, HF_SERVICE_MISSING */
  service<S extends ServiceName>(name: S): Services[S]
  /** Every setting of the node and its plugins: its value and where it came from. Secrets are masked. */
  explainConfig(): readonly ConfigEntry[]
  /** The operator's word that the clock is right, which ends a clock_suspect. */
  trustClock(): void
  /** Opens everything in the order of needs and resolves with this node. What fails closes what was opened. */
  start(): Promise<HoldfastNode>
  /** Waits for running jobs, then closes everything in reverse. */
  stop(): Promise<void>
}

/**
 * Assembles a node. Synchronous, and opens nothing.
 * @throws HF_ASSEMBLY_INVALID with every problem of the plugins and their options
 */
export function createNode(options: NodeOptions): HoldfastNode {
  return new Kernel(options)
}

/** Names of nodes stand in records, logs and labels. */
const ID = /^[\w.-]{1,128}$/

type State = 'created' | 'starting' | 'started' | 'stopping' | 'stopped'

class Kernel implements HoldfastNode {
  readonly gate: Gate
  readonly jobs: Jobs
  readonly audit: Audit
  readonly metrics = new MetricsRegistry()
  readonly #runner: JobRunner
  readonly #registrations = new Registrations()
  readonly #lifecycle: Lifecycle
  readonly #clockWatch: ClockWatch
  readonly #delivery: Delivery
  readonly #givenId: string | undefined
  readonly #stopDeadline: number
  readonly #secrets: Secrets
  readonly #configEntries: readonly ConfigEntry[]
  readonly #starting = new AbortController()
  #state: State = 'created'
  #start: Promise<HoldfastNode> | undefined
  #stop: Promise<void> | undefined

  constructor(options: NodeOptions) {
    const { clock = systemClock, failpoints = new FailpointRegistry(), layout = hourlyLayout, log } = options
    const ownLog = typeof log === 'object' ? undefined : log
    const {
      plugins,
      node: settings,
      entries,
      secrets,
    } = assemble({
      plugins: options.plugins,
      node: { log: ownLog, stopDeadline: options.stopDeadline },
      file: options.config ?? {},
      env: options.env ?? process.env,
    })
    const logger = maskedLog(typeof log === 'object' ? log : createLogger(settings.log), secrets)
    this.#secrets = secrets
    this.#configEntries = entries
    const hooks = createHooks(clock, logger, options.hookMetrics ?? NO_HOOK_METRICS)
    this.#delivery = new Delivery({ hooks, clock, log: logger, secrets, failpoints })
    const ids = createIds(clock)
    if (options.id !== undefined && !ID.test(options.id))
      throw assemblyInvalid([
        {
          plugin: 'node',
          problem: `has the id ${JSON.stringify(options.id)}; give it 1 to 128 letters, digits, dots, dashes or underscores`,
        },
      ])
    this.#givenId = options.id
    this.#stopDeadline = settings.stopDeadline
    this.#lifecycle = new Lifecycle(logger)
    const newestRecord = () =>
      this.#registrations.has('manifest') ? this.service('manifest').head().time : 0
    this.#clockWatch = new ClockWatch(clock, newestRecord, options.clockWatch)
    this.gate = createGate({
      conditions: () => this.#conditions(),
      roles: () => this.#roles(),
      hook: hooks.gate,
      secrets,
    })
    const node = this
    this.audit = createAudit(() => node.id, clock, logger)
    const memory = memoryJournal()
    this.#runner = new JobRunner({
      get node() {
        return node.id
      },
      clock,
      ids,
      gate: this.gate,
      log: logger,
      secrets,
      failpoints,
      backlog: () => (this.#registrations.has('eraser') ? this.eraser.backlog() : 0),
      get journal() {
        return node.#registrations.has('journal') ? node.service('journal') : memory
      },
      report: new JobReport(this.audit, this.metrics),
      mustBeStarted: (what) => this.#mustBeStarted(what),
    })
    this.jobs = this.#runner
    for (const { plugin } of plugins) failpoints.declare(plugin.failpoints)
    for (const assembled of plugins)
      this.#setUp(assembled, (plugin) => ({
        log: logger.child({ plugin: plugin.id }),
        clock,
        ids,
        gate: this.gate,
        failpoints,
        audit: this.audit,
        metrics: this.metrics,
        node: { givenId: options.id, layout },
        hooks: maskedPorts(hooks.portsOf(plugin.id), secrets),
      }))
    hooks.seal()
    this.#registrations.seal()
    const unserved = this.#registrations.has('batches') ? [] : this.#delivery.names
    if (unserved.length > 0)
      throw assemblyInvalid(
        unserved.map(({ hook, plugin }) => ({
          plugin,
          problem: `taps ${hook}, but no plugin provides the service batches; add a manifest`,
        })),
      )
  }

  #setUp({ plugin, config }: AssembledPlugin, parts: (plugin: Plugin) => object): void {
    const registrations = this.#registrations
    const context = {
      ...parts(plugin),
      config,
      jobs: {
        define: (job: never) => {
          registrations.mustBeOpen(plugin, 'defines a job')
          this.#runner.define(job, () => registrations.needed(plugin))
        },
      },
      provide: (name: string, create: never) => registrations.provide(plugin, name, create),
      onStart: (fn: never) => void registrations.onStart.push({ plugin, fn }),
      onStop: (fn: never) => void registrations.onStop.push({ plugin, fn }),
    } as unknown as PluginContext<never, never, never>
    try {
      const result: unknown = plugin.setup(Object.freeze(context) as never)
      if (result !== undefined)
        throw new TypeError('setup returned a value; it must be synchronous and return nothing')
    } catch (thrown) {
      const error = this.#secrets.shown(thrown)
      // A coded error (a sealed hook, an undeliverable one) already says what to do.
      if (isHoldfastError(error)) throw error
      throw assemblyInvalid(
        [{ plugin: plugin.name, problem: `its setup failed: ${messageOf(error)}` }],
        error,
      )
    }
    for (const service of plugin.provides)
      if (!registrations.has(service))
        throw assemblyInvalid([
          { plugin: plugin.name, problem: `says that it provides ${service}, but its setup does not` },
        ])
  }

  #conditions(): GateCondition[] {
    const starting: GateCondition = {
      name: 'node',
      check: () =>
        this.#state === 'started'
          ? undefined
          : { deny: `the node is ${this.#state}, not started`, retryAfter: 100 },
    }
    if (this.#state !== 'started') return [starting]
    const clock = {
      name: 'clock',
      check: (_: unknown, asked: { readonly signal?: AbortSignal }) => this.#clockWatch.check(asked),
    }
    const services = this.#registrations
      .names()
      .map((name) => ({ name, service: this.#registrations.own(name) }))
    const own = services.flatMap(({ name, service }) => {
      const check = service.checkGate?.bind(service)
      return check ? [{ name, check }] : []
    })
    return [clock, ...own]
  }

  /** A service that is not open knows nothing yet. */
  #roles(): Roles | undefined {
    if (!this.#registrations.has('roles')) return undefined
    return this.#state === 'started' ? (this.#registrations.own('roles') as Roles) : UNKNOWN_ROLES
  }

  get id(): string {
    return this.#givenId ?? this.service('manifest').nodeId
  }

  explainConfig(): readonly ConfigEntry[] {
    return this.#configEntries
  }

  trustClock(): void {
    this.#clockWatch.trust()
  }

  get files(): Files {
    return this.service('files')
  }

  get eraser(): Eraser {
    return this.service('eraser')
  }

  service<S extends ServiceName>(name: S): Services[S] {
    this.#mustBeStarted(`its service ${name}`)
    if (!this.#registrations.has(name))
      throw new HoldfastError('HF_SERVICE_MISSING', `no plugin of this node provides ${name}`, {
        context: { service: name },
      })
    return this.#registrations.face(name) as Services[S]
  }

  get hooks(): NodeHooks {
    this.#mustBeStarted('its hooks')
    return this.#delivery
  }

  #between(): Between {
    const delivery = this.#delivery
    return {
      name: 'hooks',
      open: async () => {
        if (this.#registrations.has('batches'))
          await delivery.open(this.#registrations.face('batches') as BatchSource)
      },
      begin: () => delivery.begin(),
      end: () => delivery.end(this.#stopDeadline),
    }
  }

  #mustBeStarted(what: string): void {
    if (this.#state === 'created' || this.#state === 'starting')
      throw new HoldfastError(
        'HF_NOT_STARTED',
        `the node is not started: await start() before you use ${what}`,
      )
    if (this.#state === 'stopped')
      throw new HoldfastError('HF_STOPPED', `the node is stopped: make a new one to use ${what}`)
  }

  start(): Promise<HoldfastNode> {
    this.#start ??= this.#open()
    return this.#start
  }

  async #open(): Promise<HoldfastNode> {
    if (this.#state !== 'created')
      throw new HoldfastError('HF_STOPPED', 'the node was stopped: make a new one')
    this.#state = 'starting'
    try {
      await this.#lifecycle.open(this.#registrations, this.#between(), this.#starting.signal)
    } catch (error) {
      this.#state = 'stopped'
      throw this.#secrets.shown(error)
    }
    this.#state = 'started'
    await this.#runner.start()
    return this
  }

  stop(): Promise<void> {
    this.#stop ??= this.#close()
    return this.#stop
  }

  async #close(): Promise<void> {
    if (this.#state === 'starting') {
      this.#starting.abort(
        new HoldfastError('HF_STOPPED', 'the node was stopped while it was starting', { kind: 'aborted' }),
      )
      await this.#start?.catch(() => undefined)
    }
    if (this.#state !== 'started') {
      this.#state = 'stopped'
      return
    }
    await this.#runner.stop(this.#stopDeadline)
    this.#state = 'stopping'
    const problems = await this.#lifecycle.close()
    this.#state = 'stopped'
    if (problems.length > 0) throw this.#secrets.shown(stopFailed(problems))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
