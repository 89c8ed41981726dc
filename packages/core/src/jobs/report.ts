import type { Audit } from '../audit/audit.ts'
import { type RunOfEvent, SAMPLE } from '../audit/events.ts'
import type { GateAction, Verdict } from '../gate/request.ts'
import type { MetricsRegistry } from '../metrics/registry.ts'
import type { ChunkOutcome } from './definition.ts'
import type { PlanItem } from './plan.ts'
import type { JobRun, RunFacts } from './run.ts'

/** Tells the audit and the metrics what happens to runs. */
export class JobReport {
  readonly #audit: Audit
  readonly #runs
  readonly #seconds
  readonly #files
  readonly #bytes
  readonly #skipped
  readonly #ticks
  readonly #running

  constructor(audit: Audit, metrics: MetricsRegistry) {
    this.#audit = audit
    this.#runs = metrics.counter(
      'holdfast_job_runs_total',
      'Runs that ended, by job, mode and how they ended.',
    )
    this.#seconds = metrics.histogram('holdfast_job_run_seconds', 'How long runs took.')
    this.#files = metrics.counter('holdfast_job_files_total', 'Files that jobs acted on.')
    this.#bytes = metrics.counter('holdfast_job_bytes_total', 'Bytes of the files that jobs acted on.')
    this.#skipped = metrics.counter('holdfast_job_skipped_total', 'Planned files that runs left, by why.')
    this.#ticks = metrics.counter('holdfast_job_ticks_total', 'Ticks of schedules, by what came of them.')
    this.#running = metrics.gauge('holdfast_job_running', '1 while a run of the job is in flight.')
  }

  started(run: RunFacts, request: object, bound: string | undefined): void {
    this.#running.set({ job: run.job }, 1)
    this.#audit.emit('run_started', {
      ...ofEvent(run),
      role: run.role,
      epoch: run.epoch,
      request,
      ...(bound !== undefined && { plan: bound }),
      ...(run.cap !== undefined && { cap: run.cap }),
      ...(run.override && { override: run.override }),
    })
  }

  chunk(run: RunFacts, action: GateAction, outcome: ChunkOutcome, items: readonly PlanItem[]): void {
    const { job } = run
    this.#files.add({ job }, outcome.done.files)
    this.#bytes.add({ job }, outcome.done.bytes)
    for (const [reason, count] of Object.entries(outcome.skipped)) this.#skipped.add({ job, reason }, count)
    this.#audit.emit('chunk_committed', {
      ...ofEvent(run),
      action,
      chunk: run.chunks - 1,
      done: outcome.done,
      skipped: outcome.skipped,
      reasons: [...new Set(items.map(({ reason }) => reason))].slice(0, SAMPLE),
      sample: items.slice(0, SAMPLE).map(({ path }) => path),
    })
  }

  overLimit(run: RunFacts, plan: string): void {
    this.#audit.emit('over_limit', { ...ofEvent(run), plan, limits: run.overLimit })
  }

  ended(run: JobRun): void {
    const { job, outcome, planned, done, kept, skipped, chunks, cap } = run
    const duration = run.endedAt - run.startedAt
    const { mode } = ofEvent(run)
    this.#running.set({ job }, 0)
    this.#runs.add({ job, mode, outcome: outcome.status === 'aborted' ? outcome.reason : 'completed' })
    this.#seconds.observe({ job, mode }, duration / 1000)
    if (run.capHit && cap !== undefined)
      this.#audit.emit('cap_hit', { ...ofEvent(run), cap, planned: planned.files })
    const counts = { planned, done, kept, skipped, chunks, duration }
    if (outcome.status === 'completed') this.#audit.emit('run_completed', { ...ofEvent(run), ...counts })
    else {
      const { status: _, ...why } = outcome
      this.#audit.emit('run_aborted', { ...ofEvent(run), ...counts, ...why })
    }
  }

  tickRan(job: string): void {
    this.#ticks.add({ job, result: 'ran' })
  }

  tickDenied(job: string, verdict: Extract<Verdict, { allowed: false }>): void {
    const { by, reason, message, role, holder } = verdict
    this.#ticks.add({ job, result: 'denied' })
    this.#audit.emit('tick_denied', {
      job,
      actor: 'schedule',
      by,
      reason,
      message,
      role,
      ...(holder !== undefined && { holder }),
    })
  }

  tickSkipped(job: string, run: string): void {
    this.#ticks.add({ job, result: 'skipped' })
    this.#audit.emit('tick_skipped', { job, actor: 'schedule', run })
  }
}

function ofEvent({ job, id, actor, dryRun }: RunFacts): RunOfEvent {
  return { job, run: id, actor, mode: dryRun ? 'dry' : 'act' }
}
