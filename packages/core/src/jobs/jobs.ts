import type { Verdict } from '../gate/request.ts'
import type { RequestOf } from './definition.ts'
import type { Limits } from './limits.ts'
import type { Plan, PlanItem } from './plan.ts'
import type { JobRun, RunOptions, RunProgress, RunRequest } from './run.ts'

/** What became of the last tick of a schedule. */
export interface TickStatus {
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  readonly result: 'ran' | 'denied' | 'skipped'
  /** Why it did not run. */
  readonly message?: string
}

/** How a job stands. */
export interface JobStatus {
  readonly job: string
  readonly doc: string
  /** Whether it can be planned before it acts; otherwise it can only be run. */
  readonly plans: boolean
  /** Whether it runs by itself: it has a schedule. */
  readonly enabled: boolean
  readonly schedule: string | undefined
  readonly timeZone: string
  /** Milliseconds since 1970 UTC; undefined when nothing is scheduled, or the node does not run. */
  readonly nextRunAt: number | undefined
  /** The gate's answer of this moment, with the node's role and, where known, the holder of the needed one. */
  readonly verdict: Verdict
  readonly running: RunProgress | undefined
  readonly lastRun: JobRun | undefined
  readonly lastTick: TickStatus | undefined
  /** What is wrong with the job's history; the job itself runs. */
  readonly problem: string | undefined
}

/** The jobs of a node. */
export interface Jobs {
  names(): readonly string[]
  /** Every job of the node. Answers in every state, also before the start and after the stop. */
  status(options?: { readonly signal?: AbortSignal }): Promise<readonly JobStatus[]>
  /**
   * What the job would do. Allowed on any node at any time; over a limit it says so and is made all the same.
   * @throws HF_JOB_UNKNOWN, HF_REQUEST_INVALID, HF_RUN_TIMED_OUT, HF_PLUGIN_HUNG, HF_NOT_STARTED, HF_STOPPED
   */
  plan<J extends string>(
    job: J,
    request?: RequestOf<J> & { readonly limits?: Limits },
    options?: RunOptions,
  ): Promise<Plan>
  /** The items of a plan, page by page. @throws HF_PLAN_UNKNOWN, HF_JOURNAL_CORRUPT */
  planItems(plan: string): AsyncIterable<readonly PlanItem[]>
  /**
   * Plans and, with `act: true`, does it; without it the run is a dry one. With `plan` it executes that plan instead.
   * Resolves with the record of the run, also when it was aborted on the way: look at `outcome`.
   * @throws HF_ALREADY_RUNNING, HF_GATE_DENIED, HF_JOB_UNKNOWN, HF_REQUEST_INVALID, HF_PLAN_UNKNOWN,
   * HF_PLAN_EXPIRED, HF_PLAN_FOREIGN, HF_NO_SPACE, HF_NOT_STARTED, HF_STOPPED: nothing was begun
   */
  run<J extends string>(job: J, request: RunRequest<J>, options?: RunOptions): Promise<JobRun>
  /** Ends a run between two chunks. False when no such run is in flight. */
  cancel(run: string): boolean
  running(): readonly RunProgress[]
  /** The newest runs of a job that have ended, newest first; at most 50. @throws HF_JOB_UNKNOWN, HF_JOURNAL_CORRUPT */
  history(job: string): Promise<readonly JobRun[]>
}
