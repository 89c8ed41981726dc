import type { AbortReason, Actor } from '../gate/request.ts'
import type { RequestOf } from './definition.ts'
import type { LimitExcess, LimitName, Limits } from './limits.ts'
import type { Totals } from './plan.ts'

/** What any run can be asked for, beside what its job takes. */
export interface RunControls {
  /** Really do it. Without it the run is dry: it plans and changes nothing. */
  readonly act?: boolean
  /** Most actions of this run; the next run goes on. 0: none. */
  readonly cap?: number
  /** Limits tighter than the job's own. */
  readonly limits?: Limits
  readonly plan?: undefined
  readonly override?: undefined
}

/** A run of a plan that exists: exactly its items, each only if it still is what it was. */
export interface BoundRequest {
  /** The plan's id. */
  readonly plan: string
  readonly act?: boolean
  readonly cap?: number
  /** Limits that this plan may be over: whoever says so has looked at it. */
  readonly override?: readonly LimitName[]
}

export type RunRequest<J extends string> = (RequestOf<J> & RunControls) | BoundRequest

export type RunOutcome =
  | { readonly status: 'completed' }
  | {
      readonly status: 'aborted'
      readonly reason: AbortReason
      readonly message: string
      readonly code?: string
    }

/** What is known of a run from its beginning, and grows while it goes on. */
export interface RunFacts {
  readonly id: string
  readonly job: string
  readonly node: string
  readonly actor: Actor
  readonly dryRun: boolean
  readonly role: string
  readonly epoch: number
  /** Milliseconds since 1970 UTC. */
  readonly startedAt: number
  /** The plan that it executes. Its own is removed once the run has completed it. */
  readonly plan?: string
  readonly cap?: number
  /** The cap was reached. Not an abort: the next run goes on. */
  readonly capHit: boolean
  readonly planned: Totals
  readonly kept: Readonly<Record<string, number>>
  /** The limits that the plan is over; they refuse a run that acts, unless it overrides them. */
  readonly overLimit: readonly LimitExcess[]
  readonly override?: readonly LimitName[]
  readonly done: Totals
  readonly skipped: Readonly<Record<string, number>>
  readonly chunks: number
}

/** The record of a run; kept when the run ends, however it ends. */
export interface JobRun extends RunFacts {
  readonly endedAt: number
  readonly outcome: RunOutcome
}

/** A run as the journal keeps it: without an outcome, its end has not been recorded. */
export type RunRecord = RunFacts & Partial<Pick<JobRun, 'endedAt' | 'outcome'>>

/** A run in flight. */
export interface RunProgress {
  readonly id: string
  readonly job: string
  readonly actor: Actor
  readonly dryRun: boolean
  readonly startedAt: number
  readonly phase: 'planning' | 'acting'
  /** Files found so far while planning, done so far while acting; what a plain job counts. */
  readonly done: number
  /** Undefined while it is not known. */
  readonly total: number | undefined
  /** Files a second, smoothed over about ten seconds; undefined until time has passed. */
  readonly rate: number | undefined
  /** Milliseconds until the end at this rate; undefined while it cannot be said. */
  readonly eta: number | undefined
}

export interface RunOptions {
  readonly signal?: AbortSignal
  /** Who asks. Default `user`. */
  readonly actor?: Actor
  /** Told of each step. What it throws, or rejects with, is only logged. */
  readonly onProgress?: (progress: RunProgress) => void
}
