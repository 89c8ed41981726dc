import { HoldfastError, hasCode, messageOf } from '../errors.ts'
import type { Verdict } from '../gate/request.ts'
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
import { Ticker } from './ticker.ts'

export interface RunnerParts extends ExecutionParts {
  /** Throws when the node is not running, naming what was asked of it. */
  readonly mustBeStarted: (what: string) => void
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

  /** Ends what an earlier life left open, then lets the schedules tick. A broken journal keeps no node from starting. */
  async start(): Promise<void> {
    await closeOpenRuns(this.#parts)
    await this.#prune()
    await lastRuns(this.#jobs.values(), this.#parts)
    if (this.#stopping) return
    for (const known of this.#jobs.values()) {
      if (!isScheduled(known.definition)) continue
      const schedule = scheduleOf(known.definition, this.#parts.node)
      known.ticker = new Ticker(this.#parts.clock, schedule, () => void this.#tick(known))
      known.ticker.start()
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
    const { definition, services } = this.#known(job)
    // Only the words of a run that acts need `act`; a plan never does.
    const { asked, limits } = this.#read(definition, definition.run ? { ...request, act: true } : request)
    if (definition.run) throw requestInvalid(job, ['it has no plan; run it'])
    this.#refuseWhenStopping(job)
    using signal = new RunSignal(this.#parts.clock, definition.timeout, options.signal)
    const { clock, ids, node, journal } = this.#parts
    const planning = (async () => {
      await this.#prune()
      const [id, now] = [ids.next(), clock.now()]
      const { actor = 'user', onProgress } = options
      const facts = { id, job, actor, dryRun: true, startedAt: now, phase: 'planning' as const }
      const progress = new Progress(clock, facts, onProgress)
      const onFound = (files: number) => progress.update(files)
      const parts = { id, node, now, journal, limits, signal: signal.signal, onFound }
      return makePlan(definition, asked, services(), parts)
    })()
    this.#plans.set(signal, planning)
    try {
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
    const { definition, services } = known
    const job = definition.name
    if (known.inFlight) throw alreadyRunning(job, known.inFlight)
    this.#refuseWhenStopping(job)
    using signal = new RunSignal(this.#parts.clock, definition.timeout, options.signal)
    const ended = Promise.withResolvers<void>()
    const id = this.#parts.ids.next()
    const of = { id, job: definition, services, request, options, signal: signal.signal }
    const execution = new Execution(of, this.#parts)
    known.inFlight = { id, execution, signal, ended: ended.promise }
    try {
      await this.#prune()
      known.lastRun = await execution.run({ gated })
      return known.lastRun
    } catch (error) {
      throw this.#parts.secrets.shown(error)
    } finally {
      known.inFlight = undefined
      ended.resolve()
    }
  }

  /** A tick goes the way of every run; what refuses it is told, and is no record. */
  async #tick(known: Registered): Promise<void> {
    const { clock, log, report } = this.#parts
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
      const message = messageOf(error)
      if (hasCode(error, 'HF_ALREADY_RUNNING')) {
        known.lastTick = { at, result: 'skipped', message }
        log.warn({ job, run: error.context.run }, `scheduled run skipped: ${message}`)
        report.tickSkipped(job, String(error.context.run))
      } else if (hasCode(error, 'HF_GATE_DENIED')) {
        known.lastTick = { at, result: 'denied', message }
        log.info({ job, ...error.context }, `scheduled run denied: ${message}`)
        report.tickDenied(job, error.context as unknown as Extract<Verdict, { allowed: false }>)
      } else if (!this.#stopping) {
        known.lastTick = { at, result: 'skipped', message }
        log.error({ job, cause: message }, 'scheduled run failed to begin')
      }
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
    return this.#inFlight().map(({ execution }) => execution.progress)
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

  status(options: { readonly signal?: AbortSignal } = {}): Promise<readonly JobStatus[]> {
    return Promise.all(
      [...this.#jobs.values()].map(async (known): Promise<JobStatus> => {
        const { definition, inFlight, ticker, lastRun, lastTick, problem } = known
        const { name, doc, action, timeZone = 'UTC' } = definition
        const enabled = isScheduled(definition)
        return {
          job: name,
          doc,
          enabled,
          schedule: enabled ? definition.schedule : undefined,
          timeZone,
          nextRunAt: ticker?.nextAt,
          verdict: await this.#parts.gate.check({ action, actor: 'user', job: name }, options),
          running: inFlight?.execution.progress,
          lastRun,
          lastTick,
          problem,
        }
      }),
    )
  }

  /** Refuses new runs, waits for those in flight up to the deadline, then cancels them and waits for their end. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true
    for (const { ticker } of this.#jobs.values()) ticker?.stop()
    const reason = new HoldfastError('HF_STOPPED', 'the node is stopping', { kind: 'aborted' })
    for (const signal of this.#plans.keys()) signal.abort(reason)
    const inFlight = this.#inFlight()
    using _timer = this.#parts.clock.timer(deadlineMs, () => {
      for (const { signal } of inFlight) signal.abort(reason)
    })
    await Promise.allSettled([...inFlight.map(({ ended }) => ended), ...this.#plans.values()])
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

function alreadyRunning(job: string, { id }: InFlight): HoldfastError {
  return new HoldfastError('HF_ALREADY_RUNNING', `job ${job} is running as ${id}`, {
    operation: `jobs.run ${job}`,
    context: { job, run: id },
  })
}
