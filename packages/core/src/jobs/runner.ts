import type { Clock } from '../clock.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../errors.ts'
import type { FailpointRegistry } from '../failpoints.ts'
import { type Gate, gateDenied } from '../gate/gate.ts'
import type { Ids } from '../ids.ts'
import type { Logger } from '../log.ts'
import type { JobDefinition, JobRun, Jobs, Plan, RunOptions, RunProgress } from './job.ts'
import { Abort, type ActingRun, actOnPlan, cancelled, makePlan } from './skeleton.ts'
import { NOTHING, totalsOf } from './totals.ts'

/** Runs of one job that are remembered. */
const HISTORY = 50

interface Known {
  readonly definition: JobDefinition<unknown>
  readonly services: () => unknown
  readonly history: JobRun[]
  running: Running | undefined
}

interface Running {
  progress: RunProgress
  readonly controller: AbortController
  readonly ended: Promise<void>
}

export interface RunnerParts {
  readonly node: string
  readonly clock: Clock
  readonly ids: Ids
  readonly gate: Gate
  readonly log: Logger
  readonly failpoints: FailpointRegistry
  readonly backlog: () => number
}

/** Holds the jobs of a node and runs them: one run of a job at a time, whatever started it. */
export class JobRunner implements Jobs {
  readonly #jobs = new Map<string, Known>()
  readonly #parts: RunnerParts
  #stopping = false

  constructor(parts: RunnerParts) {
    this.#parts = parts
  }

  define<S>(definition: JobDefinition<S, never>, services: () => S): void {
    if (this.#jobs.has(definition.name)) throw new TypeError(`job ${definition.name} is defined twice`)
    this.#jobs.set(definition.name, {
      definition: definition as JobDefinition<unknown>,
      services,
      history: [],
      running: undefined,
    })
  }

  names(): readonly string[] {
    return [...this.#jobs.keys()]
  }

  async plan(job: string, request: object = {}, options: RunOptions = {}): Promise<Plan> {
    const { definition, services } = this.#known(job, request)
    const { items, kept, digest } = await makePlan(
      definition,
      request,
      services(),
      options.signal ?? new AbortController().signal,
    )
    const { clock, ids, node } = this.#parts
    return {
      id: ids.next(),
      job,
      node,
      createdAt: clock.now(),
      request,
      totals: totalsOf(items),
      kept,
      digest,
      items,
    }
  }

  async run(
    job: string,
    request: object & { readonly act?: boolean },
    options: RunOptions = {},
  ): Promise<JobRun> {
    const { act, ...asked } = request
    const known = this.#known(job, asked)
    // The lock is taken before the first await: two calls in one tick cannot both pass.
    if (known.running)
      throw new HoldfastError('HF_ALREADY_RUNNING', `job ${job} is running as ${known.running.progress.id}`, {
        operation: `jobs.run ${job}`,
        context: { job, run: known.running.progress.id },
      })
    if (this.#stopping)
      throw new HoldfastError('HF_STOPPED', 'the node is stopping', { operation: `jobs.run ${job}` })
    const ended = Promise.withResolvers<void>()
    const controller = new AbortController()
    const id = this.#parts.ids.next()
    known.running = {
      progress: { id, job, phase: 'planning', done: 0, total: undefined },
      controller,
      ended: ended.promise,
    }
    const onAbort = () => controller.abort(options.signal?.reason)
    options.signal?.addEventListener('abort', onAbort, { once: true })
    if (options.signal?.aborted) onAbort()
    try {
      return await this.#live(known, known.running, asked, act === true, options)
    } finally {
      options.signal?.removeEventListener('abort', onAbort)
      known.running = undefined
      ended.resolve()
    }
  }

  async #live(
    known: Known,
    running: Running,
    request: object,
    act: boolean,
    options: RunOptions,
  ): Promise<JobRun> {
    const { definition } = known
    const { clock, gate, node, log } = this.#parts
    const { actor = 'user', onProgress } = options
    const startedAt = clock.now()
    const run: ActingRun = {
      id: running.progress.id,
      actor,
      signal: running.controller.signal,
      done: NOTHING,
      chunks: 0,
      skipped: {},
    }
    let planned = NOTHING
    let kept: Readonly<Record<string, number>> = {}
    let outcome: JobRun['outcome'] = { status: 'completed' }
    let tenure = { role: 'none', epoch: 0 }
    if (act) {
      const verdict = await gate.check(
        { action: definition.action, actor, job: definition.name, run: run.id },
        { signal: run.signal },
      )
      if (!verdict.allowed) throw gateDenied(verdict, `jobs.run ${definition.name}`)
      tenure = { role: verdict.role, epoch: verdict.epoch }
    }
    const report = (phase: RunProgress['phase'], total?: number) => {
      running.progress = { id: run.id, job: definition.name, phase, done: run.done.files, total }
      onProgress?.(running.progress)
    }
    try {
      report('planning')
      const plan = await makePlan(definition, request, known.services(), run.signal)
      planned = totalsOf(plan.items)
      kept = plan.kept
      if (act) {
        report('acting', planned.files)
        await actOnPlan(definition, plan.items, known.services(), run, this.#parts, () =>
          report('acting', planned.files),
        )
      }
    } catch (error) {
      const abort = error instanceof Abort ? error : whyPlanFailed(error, run.signal)
      outcome = {
        status: 'aborted',
        reason: abort.reason,
        message: abort.message,
        ...(abort.code && { code: abort.code }),
      }
      log.warn(
        { job: definition.name, run: run.id, reason: abort.reason, done: run.done },
        `run aborted: ${abort.message}`,
      )
    }
    const { id, done, skipped, chunks } = run
    const record: JobRun = {
      id,
      job: definition.name,
      node,
      actor,
      dryRun: !act,
      ...tenure,
      startedAt,
      endedAt: clock.now(),
      planned,
      kept,
      done,
      skipped,
      chunks,
      outcome,
    }
    known.history.unshift(record)
    known.history.splice(HISTORY)
    return record
  }

  cancel(run: string): boolean {
    for (const { running } of this.#jobs.values()) {
      if (running?.progress.id !== run) continue
      running.controller.abort(new HoldfastError('HF_STOPPED', 'the run was cancelled', { kind: 'aborted' }))
      return true
    }
    return false
  }

  running(): readonly RunProgress[] {
    return [...this.#jobs.values()].flatMap(({ running }) => (running ? [running.progress] : []))
  }

  history(job: string): readonly JobRun[] {
    return [...this.#known(job, {}).history]
  }

  /** Refuses new runs, waits for those in flight up to the deadline, then cancels them and waits for their end. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true
    const inFlight = [...this.#jobs.values()].flatMap(({ running }) => (running ? [running] : []))
    if (inFlight.length === 0) return
    const reason = new HoldfastError('HF_STOPPED', 'the node is stopping', { kind: 'aborted' })
    using _timer = this.#parts.clock.timer(deadlineMs, () => {
      for (const { controller } of inFlight) controller.abort(reason)
    })
    await Promise.all(inFlight.map(({ ended }) => ended))
  }

  #known(job: string, request: object): Known {
    const known = this.#jobs.get(job)
    if (!known)
      throw new HoldfastError(
        'HF_JOB_UNKNOWN',
        `no job "${job}"; this node has ${this.names().join(', ') || 'none'}`,
        { context: { job } },
      )
    const problems = known.definition.check?.(request) ?? []
    if (problems.length > 0)
      throw new HoldfastError(
        'HF_REQUEST_INVALID',
        `job ${job} cannot take this request: ${problems.join('; ')}`,
        {
          context: { job, problems },
        },
      )
    return known
  }
}

function whyPlanFailed(error: unknown, signal: AbortSignal): Abort {
  if (signal.aborted) return cancelled(signal)
  return new Abort('unknown', messageOf(error), isHoldfastError(error) ? error.code : undefined)
}
