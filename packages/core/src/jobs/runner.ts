import { keepAlive } from '../clock.ts'
import { HoldfastError, messageOf } from '../errors.ts'
import { settlesWithin } from '../patience.ts'
import type { CallOptions } from '../storage/backend.ts'
import { alreadyRunning, hung } from './abort.ts'
import type { JobDefinition } from './definition.ts'
import { Execution, type ExecutionParts } from './execution.ts'
import type { JobStatus, Jobs } from './jobs.ts'
import type { Limits } from './limits.ts'
import { ownDefinition } from './own-definition.ts'
import type { Plan, PlanItem } from './plan.ts'
import { makePlan, prunePlans } from './planning.ts'
import { Progress } from './progress.ts'
import { closeOpenRuns, lastRuns } from './recovery.ts'
import type { InFlight, Registered } from './registered.ts'
import { type ReadRequest, readRequest, requestInvalid } from './request.ts'
import type { JobRun, RunControls, RunOptions, RunProgress } from './run.ts'
import { RunSignal } from './run-signal.ts'
import { isScheduled, scheduleOf } from './scheduling.ts'
import { statusOf } from './status.ts'
import { tickRefused } from './tick.ts'
import { Ticker } from './ticker.ts'

export interface RunnerParts extends ExecutionParts {
  /** Throws when the node is not running, naming what was asked of it. */
  readonly mustBeStarted: (what: string) => void
  /** Time that a run or a plan has to end after its signal was aborted, ms. */
  readonly closeDeadline: number
}

/** Holds the jobs of a node and runs them: one run of a job at a time, whatever started it. */
export class JobRunner implements Jobs {
  readonly #jobs = new Map<string, Registered>()
  readonly #plans = new Map<RunSignal, Promise<unknown>>()
  readonly #parts: RunnerParts
  #stopping = false

  constructor(parts: RunnerParts) {
    this.#parts = parts
  }

  /** @throws TypeError when it is no job, or its name is taken */
  define<S>(given: JobDefinition<S, never>, services: () => S, plugin: string): void {
    const definition = ownDefinition(given)
    const other = this.#jobs.get(definition.name)
    if (other)
      throw new TypeError(
        `it defines the job ${definition.name}, which plugin ${other.plugin} has defined already`,
      )
    this.#jobs.set(definition.name, {
      definition,
      plugin,
      services,
      inFlight: undefined,
      ticker: undefined,
      lastRun: undefined,
      lastTick: undefined,
      problem: undefined,
    })
  }

  /** Ends what an earlier life left open, before anything is begun. A broken journal keeps no node from starting. */
  async recover(): Promise<void> {
    await closeOpenRuns(this.#parts)
    await this.#prune()
    await lastRuns(this.#jobs.values(), this.#parts)
  }

  /** The jobs that run by themselves. */
  scheduled(): readonly Registered[] {
    return [...this.#jobs.values()].filter(({ definition }) => isScheduled(definition))
  }

  /** Lets the schedules tick. @throws HF_OPTION_INVALID for one whose times cannot be told */
  schedule(): void {
    for (const known of this.#jobs.values()) {
      const { plugin, definition } = known
      if (!isScheduled(definition)) continue
      try {
        const schedule = scheduleOf(definition, this.#parts.node)
        known.ticker = new Ticker(this.#parts.clock, schedule, () => void this.#tick(known))
        known.ticker.start()
      } catch (cause) {
        const { name: job } = definition
        const message = `job ${job} of plugin ${plugin} cannot be scheduled: ${messageOf(cause)}`
        throw new HoldfastError('HF_OPTION_INVALID', message, { context: { plugin, job }, cause })
      }
    }
  }

  /** Of the whole node, or of one plugin by its id. */
  names(plugin?: string): readonly string[] {
    const all = [...this.#jobs]
    return all.flatMap(([name, known]) => (plugin === undefined || plugin === known.plugin ? name : []))
  }

  async plan(
    job: string,
    request: object & { readonly limits?: Limits } = {},
    options: RunOptions = {},
  ): Promise<Plan> {
    this.#parts.mustBeStarted(`jobs.plan ${job}`)
    const { plugin, definition, services } = this.#known(job)
    // Only the words of a run that acts need `act`; a plan never does.
    const { asked, limits } = this.#read(definition, definition.run ? { ...request, act: true } : request)
    if (definition.run) throw requestInvalid(job, ['it has no plan; run it'])
    this.#refuseWhenStopping(job)
    // It may rest on timers of the clock alone, which keep no process alive.
    using _alive = keepAlive()
    using signal = new RunSignal(this.#parts.clock, definition.timeout, options.signal)
    const { clock, ids, node, journal } = this.#parts
    const planning = (async () => {
      await this.#prune()
      const [id, now] = [ids.next(), clock.now()]
      const { actor = 'user', onProgress } = options
      const facts = { id, job, actor, dryRun: true, startedAt: now, phase: 'planning' as const }
      const progress = new Progress(this.#parts, facts, onProgress)
      const onFound = (files: number) => progress.update(files)
      const parts = { id, node, now, journal, limits, signal: signal.signal, onFound }
      return makePlan(definition, asked, services(), parts)
    })()
    const { closeDeadline: limit } = this.#parts
    const ended = this.#isOver(planning, signal.signal)
    this.#plans.set(signal, ended)
    try {
      if (!(await ended)) throw hung({ plugin, job, limit })
      return await planning
    } catch (error) {
      throw this.#parts.secrets.shown(error)
    } finally {
      this.#plans.delete(signal)
    }
  }

  planItems(plan: string): AsyncIterable<readonly PlanItem[]> {
    this.#parts.mustBeStarted('jobs.planItems')
    return this.#parts.journal.planItems(plan)
  }

  async run(job: string, request: object, options: RunOptions = {}): Promise<JobRun> {
    this.#parts.mustBeStarted(`jobs.run ${job}`)
    const known = this.#known(job)
    return this.#begin(known, this.#read(known.definition, request), options)
  }

  #read(job: JobDefinition<unknown>, request: object): ReadRequest {
    try {
      return readRequest(job, request)
    } catch (error) {
      throw this.#parts.secrets.shown(error)
    }
  }

  /** The lock is taken before the first await: two calls in one tick cannot both pass. */
  async #begin(
    known: Registered,
    request: ReadRequest,
    options: RunOptions,
    { gated = false } = {},
  ): Promise<JobRun> {
    const { plugin, definition, services } = known
    const job = definition.name
    if (known.inFlight) throw alreadyRunning(job, known.inFlight)
    this.#refuseWhenStopping(job)
    using _alive = keepAlive()
    const signal = new RunSignal(this.#parts.clock, definition.timeout, options.signal)
    const ended = Promise.withResolvers<void>()
    const id = this.#parts.ids.next()
    const of = { id, job: definition, services, request, options, signal: signal.signal }
    const execution = new Execution(of, this.#parts)
    const inFlight: InFlight = { id, execution, signal, ended: ended.promise, left: false }
    known.inFlight = inFlight
    const running = this.#prune().then(() => execution.run({ gated }))
    const free = () => {
      signal[Symbol.dispose]()
      known.inFlight = undefined
    }
    running.then(free, free)
    try {
      if (await this.#isOver(running, signal.signal)) known.lastRun = await running
      else {
        inFlight.left = true
        const { clock, closeDeadline: limit } = this.#parts
        const { run, recorded } = execution.leave(hung({ plugin, job, run: id, limit }))
        known.lastRun = run
        // A journal that hangs may be what it was left for.
        await settlesWithin(recorded, { clock, ms: limit })
      }
      return known.lastRun
    } catch (error) {
      throw this.#parts.secrets.shown(error)
    } finally {
      ended.resolve()
    }
  }

  /** False for what does not end by itself, nor in time after its signal was aborted. */
  async #isOver(running: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
    const { clock, closeDeadline } = this.#parts
    const settled = await settlesWithin(running, { clock, ms: Number.POSITIVE_INFINITY, signal })
    return settled || settlesWithin(running, { clock, ms: closeDeadline })
  }

  /** A tick goes the way of every run; what refuses it is told, and is no record. */
  async #tick(known: Registered): Promise<void> {
    const { clock, report } = this.#parts
    const { definition } = known
    const job = definition.name
    const at = clock.now()
    try {
      const request = this.#read(definition, definition.onTick ?? ({ act: true } satisfies RunControls))
      const run = this.#begin(known, request, { actor: 'schedule' }, { gated: true })
      known.lastTick = { at, result: 'ran' }
      await run
      report.tickRan(job)
    } catch (error) {
      known.lastTick =
        tickRefused({ job, at, stopping: this.#stopping }, error, this.#parts) ?? known.lastTick
    }
  }

  cancel(run: string): boolean {
    for (const { inFlight } of this.#jobs.values()) {
      if (inFlight?.id !== run) continue
      inFlight.signal.abort(new HoldfastError('HF_STOPPED', 'the run was cancelled', { kind: 'aborted' }))
      return true
    }
    return false
  }

  running(): readonly RunProgress[] {
    return this.#inFlight().flatMap(({ execution, left }) => (left ? [] : execution.progress))
  }

  async history(job: string): Promise<readonly JobRun[]> {
    this.#parts.mustBeStarted(`jobs.history ${job}`)
    this.#known(job)
    const { journal, secrets } = this.#parts
    const runs = await journal.runs(job).catch((error: unknown) => {
      throw secrets.shown(error)
    })
    return runs.filter((run): run is JobRun => run.outcome !== undefined)
  }

  status(options: CallOptions = {}): Promise<readonly JobStatus[]> {
    return Promise.all([...this.#jobs.values()].map((known) => statusOf(known, this.#parts, options)))
  }

  /**
   * Refuses new runs, waits for those in flight up to the deadline, then cancels them and waits for their end, which
   * they have `closeDeadline` for. Gives an error for each that was left behind.
   */
  async stop(deadlineMs: number): Promise<HoldfastError[]> {
    this.#stopping = true
    for (const { ticker } of this.#jobs.values()) ticker?.stop()
    const reason = new HoldfastError('HF_STOPPED', 'the node is stopping', { kind: 'aborted' })
    for (const signal of this.#plans.keys()) signal.abort(reason)
    const inFlight = this.#inFlight()
    using _timer = this.#parts.clock.timer(deadlineMs, () => {
      for (const { signal } of inFlight) signal.abort(reason)
    })
    await Promise.allSettled([...inFlight.map(({ ended }) => ended), ...this.#plans.values()])
    const { closeDeadline: limit } = this.#parts
    return [...this.#jobs].flatMap(([job, { plugin, inFlight: run }]) =>
      run?.left ? hung({ plugin, job, run: run.id, limit }) : [],
    )
  }

  #inFlight(): InFlight[] {
    return [...this.#jobs.values()].flatMap(({ inFlight }) => inFlight ?? [])
  }

  #plansInUse(): ReadonlySet<string> {
    return new Set(this.#inFlight().flatMap(({ execution }) => execution.plan ?? []))
  }

  #refuseWhenStopping(job: string): void {
    if (this.#stopping)
      throw new HoldfastError('HF_STOPPED', 'the node is stopping', { operation: `jobs ${job}` })
  }

  #known(job: string): Registered {
    const known = this.#jobs.get(job)
    if (known) return known
    throw new HoldfastError(
      'HF_JOB_UNKNOWN',
      `no job "${job}"; this node has ${this.names().join(', ') || 'none'}`,
      { context: { job } },
    )
  }

  /** Old plans in the way are no reason not to make a new one. */
  async #prune(): Promise<void> {
    const { journal, clock, log } = this.#parts
    await prunePlans(journal, clock.now(), this.#plansInUse()).catch((error: unknown) =>
      log.warn({ cause: messageOf(error) }, 'old plans could not be removed'),
    )
  }
}
