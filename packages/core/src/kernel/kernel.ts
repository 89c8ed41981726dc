import { type Audit, createAudit } from '../audit/audit.ts'
import { keepAlive, systemClock } from '../clock.ts'
import type { ConfigEntry } from '../config/configuration.ts'
import { maskedLog } from '../config/masked-log.ts'
import type { Secrets } from '../config/secrets.ts'
import { HoldfastError } from '../errors.ts'
import { FailpointRegistry } from '../failpoints.ts'
import { Asker } from '../gate/asker.ts'
import { ClockWatch } from '../gate/clock-watch.ts'
import { createGate, type Gate } from '../gate/gate.ts'
import { type Roles, UNKNOWN_ROLES } from '../gate/roles.ts'
import type { BatchSource } from '../hooks/consumers.ts'
import { Delivery } from '../hooks/delivery.ts'
import { createHooks } from '../hooks/hooks.ts'
import type { NodeHooks } from '../hooks/status.ts'
import { createIds } from '../ids.ts'
import { createInspection } from '../inspection/inspection.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Journal } from '../jobs/journal.ts'
import { memoryJournal } from '../jobs/memory-journal.ts'
import { JobReport } from '../jobs/report.ts'
import { JobRunner } from '../jobs/runner.ts'
import { hourlyLayout } from '../layout.ts'
import { createLogger } from '../log.ts'
import type { Eraser } from '../manifest/eraser.ts'
import type { Files } from '../manifest/files.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { MetricsRegistry } from '../metrics/registry.ts'
import { layered } from '../storage/layers/layered.ts'
import { assemble, assemblyInvalid } from './assembly.ts'
import { gateConditions } from './conditions.ts'
import { explain, type NodeExplanation } from './explain.ts'
import { lackingServices } from './lacking.ts'
import { type Between, Lifecycle, stopFailed } from './lifecycle.ts'
import type { HoldfastNode, NodeOptions } from './node.ts'
import type { NodeConfig } from './node-knobs.ts'
import type { Plugin } from './plugin.ts'
import { Registrations } from './registrations.ts'
import type { ServiceName, Services } from './services.ts'
import { setUp, setUpAll } from './setup.ts'
import { mustBeStarted, type State } from './state.ts'

/** A node: its parts, wired, and the states of its life. */
export class Kernel implements HoldfastNode {
  readonly gate: Gate
  readonly jobs: Jobs
  readonly audit: Audit
  readonly metrics = new MetricsRegistry()
  readonly #runner: JobRunner
  readonly #registrations: Registrations
  readonly #lifecycle: Lifecycle
  readonly #clockWatch: ClockWatch
  readonly #delivery: Delivery
  readonly #givenId: string | undefined
  readonly #ticks: boolean
  readonly #settings: NodeConfig
  readonly #secrets: Secrets
  readonly #configEntries: readonly ConfigEntry[]
  readonly #plugins: readonly Plugin[]
  readonly #setupMs = new Map<string, number>()
  readonly #starting = new AbortController()
  #state: State = 'created'
  #start: Promise<HoldfastNode> | undefined
  #stop: Promise<void> | undefined

  constructor(options: NodeOptions) {
    const { plugins, node: settings, entries, secrets } = assemble(options)
    const { clock = systemClock, failpoints = new FailpointRegistry(), log, logTo } = options
    const { ids = createIds(clock), layout = hourlyLayout } = options
    const logger = maskedLog(typeof log === 'object' ? log : createLogger(settings.log, logTo), secrets)
    this.#settings = settings
    this.#secrets = secrets
    this.#configEntries = entries
    this.#plugins = plugins.map(({ plugin }) => plugin)
    const hooks = createHooks(clock, logger, this.metrics, secrets)
    this.#delivery = new Delivery({ hooks, clock, log: logger, secrets, failpoints })
    this.#registrations = new Registrations((backend) =>
      layered(backend, {
        clock,
        ids,
        metrics: this.metrics,
        callTimeout: settings.storeTimeout,
        retries: settings.storeRetries,
        rate: settings.storeRate,
      }),
    )
    this.#givenId = options.id
    this.#ticks = options.schedules !== 'off'
    this.#lifecycle = new Lifecycle({ ...settings, clock, log: logger })
    const newestRecord = () =>
      this.#registrations.has('manifest') ? this.service('manifest').head().time : 0
    this.#clockWatch = new ClockWatch(clock, newestRecord, options.clockWatch)
    this.gate = createGate({
      conditions: gateConditions(() => this.#state, this.#clockWatch, this.#registrations),
      roles: () => this.#roles(),
      hook: hooks.gate,
      asker: new Asker(clock, hooks.watchdog),
      secrets,
    })
    const node = this
    this.audit = createAudit(() => this.#name(), clock, logger)
    const memory = memoryJournal()
    this.#runner = new JobRunner({
      get node() {
        return node.#name()
      },
      clock,
      ids,
      gate: this.gate,
      log: logger,
      secrets,
      failpoints,
      backlog: () => (this.#registrations.has('eraser') ? this.eraser.backlog() : 0),
      fresh: async (signal) => {
        if (this.#registrations.has('manifest')) await this.service('manifest').barrier({ signal })
      },
      get journal() {
        return node.#registrations.has('journal') ? (node.#registrations.face('journal') as Journal) : memory
      },
      report: new JobReport(this.audit, this.metrics),
      closeDeadline: settings.closeDeadline,
      mustBeStarted: (what) => this.#mustBeStarted(what),
    })
    this.jobs = this.#runner
    const inspection = createInspection(
      hooks.inspectFile,
      () => this.#registrations.face('backend') as Services['backend'],
    )
    const context = (plugin: Plugin) => ({
      log: logger.child({ plugin: plugin.id }),
      clock,
      ids,
      gate: this.gate,
      inspection,
      failpoints,
      audit: this.audit,
      metrics: this.metrics,
      node: { givenId: options.id, layout },
      hooks: hooks.portsOf(plugin.id),
    })
    for (const { plugin } of plugins) failpoints.declare(plugin.failpoints)
    failpoints.complete()
    setUpAll(plugins, (assembledPlugin) => {
      const from = clock.monotonic()
      setUp(assembledPlugin, { registrations: this.#registrations, runner: this.#runner, secrets, context })
      this.#setupMs.set(assembledPlugin.plugin.id, clock.monotonic() - from)
    })
    hooks.seal()
    this.#registrations.seal()
    const lacking = lackingServices({
      has: (service) => this.#registrations.has(service),
      taps: this.#delivery.names,
      scheduled: options.id === undefined ? this.#runner.scheduled() : [],
    })
    if (lacking.length > 0) throw assemblyInvalid(lacking)
  }

  /** A service that is not open knows nothing yet. Where a log is shared, there always are roles. */
  #roles(): Roles | undefined {
    const own = this.#registrations.has('roles')
    if (!own && !this.#registrations.has('log')) return undefined
    if (this.#state !== 'started') return UNKNOWN_ROLES
    if (own) return this.#registrations.own('roles') as Roles
    return this.#registrations.has('manifest')
      ? (this.service('manifest').roles ?? UNKNOWN_ROLES)
      : UNKNOWN_ROLES
  }

  get id(): string {
    if (this.#givenId === undefined) this.#mustBeStarted('its id')
    return this.#name()
  }

  /** Its id, also while it starts and stops. */
  #name(): string {
    if (this.#givenId !== undefined) return this.#givenId
    if (this.#registrations.has('manifest')) return (this.#registrations.face('manifest') as Manifest).nodeId
    throw new HoldfastError(
      'HF_SERVICE_MISSING',
      'the node has no id: give createNode one, or add a manifest, which makes one and keeps it',
      { context: { service: 'manifest' } },
    )
  }

  explain(): NodeExplanation {
    return explain({
      plugins: this.#plugins,
      jobsOf: (plugin) => this.#runner.names(plugin),
      taps: this.#delivery.status().taps,
      setupMs: this.#setupMs,
      startMs: this.#lifecycle.startMs,
    })
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
      name: 'hooks and jobs',
      open: async () => {
        if (this.#registrations.has('batches'))
          await delivery.open(this.#registrations.face('batches') as BatchSource)
        // While no run can be begun: one that is in flight looks like one that a crash has cut short.
        await this.#runner.recover()
      },
      begin: () => delivery.begin(),
      end: () => delivery.end(this.#settings.stopDeadline),
    }
  }

  #mustBeStarted(what: string): void {
    mustBeStarted(this.#state, what)
  }

  start(): Promise<HoldfastNode> {
    this.#start ??= this.#open()
    return this.#start
  }

  async #open(): Promise<HoldfastNode> {
    if (this.#state !== 'created')
      throw new HoldfastError('HF_STOPPED', 'the node was stopped: make a new one')
    // Clocks keep no process alive, and a plugin that hangs may be all that is left in it.
    using _alive = keepAlive()
    this.#state = 'starting'
    try {
      await this.#lifecycle.open(this.#registrations, this.#between(), this.#starting.signal)
      if (this.#ticks) this.#runner.schedule()
    } catch (error) {
      // What failed first is what the user must see; a failing clean-up is only logged.
      await this.#runner.stop(0)
      await this.#lifecycle.close()
      this.#state = 'stopped'
      throw this.#secrets.shown(error)
    }
    this.#state = 'started'
    return this
  }

  stop(): Promise<void> {
    this.#stop ??= this.#close()
    return this.#stop
  }

  async #close(): Promise<void> {
    using _alive = keepAlive()
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
    const left = await this.#runner.stop(this.#settings.stopDeadline)
    this.#state = 'stopping'
    const problems = [...left, ...(await this.#lifecycle.close())]
    this.#state = 'stopped'
    if (problems.length > 0) throw this.#secrets.shown(stopFailed(problems))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
