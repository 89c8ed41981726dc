import type { Clock } from '../clock.ts'
import type { Secrets } from '../config/secrets.ts'
import { type HoldfastError, messageOf } from '../errors.ts'
import type { FailpointRegistry } from '../failpoints.ts'
import { type Gate, gateDenied } from '../gate/gate.ts'
import type { Logger } from '../log.ts'
import { Abort, cancelled, whyFailed } from './abort.ts'
import type { ChunkOutcome, JobDefinition, PlainJob, PlannedJob } from './definition.ts'
import type { Journal } from './journal.ts'
import { describeExcess } from './limits.ts'
import { readOutcome } from './outcome.ts'
import type { PlanItem, SpooledPlan } from './plan.ts'
import { boundPlan, checkItems, makePlan } from './planning.ts'
import { Progress } from './progress.ts'
import type { JobReport } from './report.ts'
import { asJson, type ReadRequest } from './request.ts'
import type { JobRun, RunFacts, RunOptions, RunOutcome, RunProgress } from './run.ts'
import { type ActingParts, actOnPlan, passGate } from './skeleton.ts'
import { add, addCounts, NOTHING } from './totals.ts'

/** What runs need of their node. */
export interface ExecutionParts {
  readonly node: string
  readonly clock: Clock
  readonly ids: { next(): string }
  readonly gate: Gate
  readonly log: Logger
  readonly secrets: Secrets
  readonly failpoints: FailpointRegistry
  readonly backlog: () => number
  /** Waits until this node is as new as its log. */
  readonly fresh: (signal: AbortSignal) => Promise<unknown>
  readonly journal: Journal
  readonly report: JobReport
}

export interface ExecutionOf {
  readonly id: string
  readonly job: JobDefinition<unknown>
  readonly services: () => unknown
  readonly request: ReadRequest
  readonly options: RunOptions
  readonly signal: AbortSignal
}

/** One run of a job, from the gate to its record. */
export class Execution {
  readonly #of: ExecutionOf
  readonly #parts: ExecutionParts
  readonly #progress: Progress
  #facts: RunFacts
  /** How it ended; set once. */
  #end: Pick<JobRun, 'endedAt' | 'outcome'> | undefined
  #endTold = false
  /** Whether the cap left something of the plan. */
  #left = false

  constructor(of: ExecutionOf, parts: ExecutionParts) {
    const { id, job, request, options } = of
    const { actor = 'user', onProgress } = options
    this.#of = of
    this.#parts = parts
    this.#facts = {
      id,
      job: job.name,
      node: parts.node,
      actor,
      dryRun: !request.act,
      role: 'none',
      epoch: 0,
      startedAt: parts.clock.now(),
      ...(request.plan !== undefined && { plan: request.plan }),
      ...(request.cap !== undefined && { cap: request.cap }),
      capHit: false,
      planned: NOTHING,
      kept: {},
      overLimit: [],
      ...(request.override.length > 0 && { override: request.override }),
      done: NOTHING,
      skipped: {},
      chunks: 0,
    }
    const { dryRun, startedAt } = this.#facts
    const phase = job.run ? 'acting' : 'planning'
    this.#progress = new Progress(parts, { id, job: job.name, actor, dryRun, startedAt, phase }, onProgress)
  }

  get progress(): RunProgress {
    return this.#progress.now
  }

  /** The plan that is read or made, so that nobody removes it. */
  get plan(): string | undefined {
    return this.#facts.plan
  }

  /**
   * Resolves with the record of the run. What throws was refused before anything was begun, and has no record.
   * `gated`: the gate is asked also before a dry run, as a tick of the schedule demands.
   */
  async run({ gated = false } = {}): Promise<JobRun> {
    const { job, request, signal } = this.#of
    const { journal, report, node, clock, log, secrets } = this.#parts
    const bound =
      request.plan === undefined
        ? undefined
        : await boundPlan(request.plan, { job: job.name, node, now: clock.now(), journal })
    if (request.act || gated) await this.#enter()
    await journal.recordRun(this.#facts)
    // Left behind meanwhile; this record must not be the last one.
    if (this.#end) return this.#close(this.#end)
    let outcome: RunOutcome = { status: 'completed' }
    try {
      report.started(this.#facts, bound?.request ?? asJson(request.asked), request.plan)
      if (job.run) await this.#runPlain(job)
      else await this.#runPlanned(job, bound)
    } catch (error) {
      const { reason, message: said, code } = whyFailed(error, signal)
      const message = secrets.mask(said)
      outcome = { status: 'aborted', reason, message, ...(code !== undefined && { code }) }
      log.warn(
        { job: job.name, run: this.#facts.id, reason, done: this.#facts.done },
        `run aborted: ${message}`,
      )
    }
    return this.#close({ endedAt: clock.now(), outcome })
  }

  /** Ends the record of a run that does not end by itself. What it still does is counted in it, if anything comes. */
  leave(hung: HoldfastError): { readonly run: JobRun; readonly recorded: Promise<unknown> } {
    const { log, clock } = this.#parts
    const { message, code } = hung
    log.error({ ...hung.context, done: this.#facts.done }, `run left behind: ${message}`)
    const { reason } = cancelled(this.#of.signal)
    this.#end ??= { endedAt: clock.now(), outcome: { status: 'aborted', reason, message, code } }
    const run: JobRun = { ...this.#facts, ...this.#end }
    this.#tellEnd(run)
    return { run, recorded: this.#record() }
  }

  async #enter(): Promise<void> {
    const { id, job, signal } = this.#of
    const { actor, dryRun } = this.#facts
    const verdict = await this.#parts.gate.check(
      { action: job.action, actor, job: job.name, run: id, ...(dryRun && { dryRun }) },
      { signal },
    )
    if (!verdict.allowed) throw gateDenied(verdict, `jobs.run ${job.name}`)
    this.#facts = { ...this.#facts, role: verdict.role, epoch: verdict.epoch }
  }

  async #runPlanned(job: PlannedJob<unknown>, bound: SpooledPlan | undefined): Promise<void> {
    const { request, services } = this.#of
    this.#progress.enter('planning')
    const plan = bound ?? (await this.#makePlan(job))
    const { id, totals, kept } = plan
    this.#facts = { ...this.#facts, plan: id, planned: totals, kept, overLimit: plan.overLimit }
    if (!request.act) return
    const overLimit = bound ? await checkItems(bound, job, services(), this.#of.signal) : plan.overLimit
    this.#facts = { ...this.#facts, overLimit }
    const refusing = overLimit.filter(({ limit }) => !request.override.includes(limit))
    if (refusing.length > 0) {
      this.#parts.report.overLimit(this.#facts, id)
      throw new Abort('over_limit', `plan ${id} is over a limit: ${describeExcess(refusing)}`)
    }
    this.#progress.enter('acting', totals.files)
    const cap = request.cap ?? Number.POSITIVE_INFINITY
    const { capHit, left } = await actOnPlan(
      job,
      plan.items(),
      services(),
      cap,
      this.#acting(job, plan.request),
    )
    this.#facts = { ...this.#facts, capHit }
    this.#left = left
  }

  #makePlan(job: PlannedJob<unknown>): Promise<SpooledPlan> {
    const { request, services, signal } = this.#of
    const { ids, node, clock, journal } = this.#parts
    const id = ids.next()
    this.#facts = { ...this.#facts, plan: id }
    return makePlan(job, request.asked, services(), {
      id,
      node,
      now: clock.now(),
      journal,
      limits: request.limits,
      signal,
      onFound: (files) => this.#progress.update(files),
    })
  }

  #acting(job: JobDefinition<unknown>, request: object): ActingParts {
    const { id, signal } = this.#of
    const { gate, clock, failpoints, backlog, fresh, log } = this.#parts
    return {
      id,
      actor: this.#facts.actor,
      signal,
      chunks: () => this.#facts.chunks,
      finished: (outcome, items) => this.#finished(job, outcome, items),
      gate,
      fresh,
      clock,
      failpoints,
      backlog,
      request,
      log,
    }
  }

  /** Counts a chunk, and writes the counts down: a crash loses those of one chunk at most. */
  async #finished(
    job: JobDefinition<unknown>,
    outcome: ChunkOutcome,
    items: readonly PlanItem[],
  ): Promise<void> {
    const skipped = { ...this.#facts.skipped }
    addCounts(skipped, outcome.skipped)
    const { done, chunks } = this.#facts
    this.#facts = { ...this.#facts, done: add(done, outcome.done), skipped, chunks: chunks + 1 }
    this.#parts.report.chunk(this.#facts, job.action, outcome, items)
    await this.#record()
    this.#progress.update(this.#facts.done.files)
  }

  async #runPlain(job: PlainJob<unknown>): Promise<void> {
    const { id, request, services, signal } = this.#of
    const acting = this.#acting(job, request.asked)
    this.#progress.enter('acting')
    await job.run(request.asked, {
      services: services(),
      signal,
      run: id,
      gate: ({ namespace } = {}) => passGate(job, acting, namespace),
      chunk: async ({ files = 0, bytes = 0, rows = 0, skipped = {} }) =>
        acting.finished(readOutcome(job.name, { done: { files, bytes, rows }, skipped }), []),
      total: (files) => this.#progress.update(this.#facts.done.files, files),
    })
  }

  async #close(end: Pick<JobRun, 'endedAt' | 'outcome'>): Promise<JobRun> {
    const { request } = this.#of
    const { journal } = this.#parts
    this.#end ??= end
    const { outcome } = this.#end
    const run: JobRun = { ...this.#facts, ...this.#end }
    await this.#record()
    this.#tellEnd(run)
    // A plan of its own that was carried out is of no more use; all others wait for their expiry.
    const usedUp = request.plan === undefined && request.act && !this.#left && outcome.status === 'completed'
    if (usedUp && run.plan !== undefined)
      await journal.removePlan(run.plan).catch((error: unknown) => this.#warn('plan', error))
    return run
  }

  #tellEnd(run: JobRun): void {
    if (this.#endTold) return
    this.#endTold = true
    this.#parts.report.ended(run)
  }

  /** What has been done is done, whether or not the record of it can be written. */
  async #record(): Promise<void> {
    try {
      await this.#parts.journal.recordRun({ ...this.#facts, ...this.#end })
    } catch (error) {
      this.#warn('record', error)
    }
  }

  #warn(what: string, error: unknown): void {
    const { id, job } = this.#facts
    this.#parts.log.warn(
      { job, run: id, cause: messageOf(error) },
      `the journal failed with the run's ${what}`,
    )
  }
}
