import type { AbortReason, Actor, GateAction } from '../gate/request.ts'
import type { LimitExcess } from '../jobs/limits.ts'
import type { Totals } from '../jobs/plan.ts'

/** What every event of a run says. */
export interface RunOfEvent {
  readonly job: string
  readonly run: string
  readonly actor: Actor
  readonly mode: 'act' | 'dry'
}

/** Most paths and reasons that an event names. */
export const SAMPLE = 10

/**
 * The audit events of a node by name. A package adds its own:
 * `declare module '@holdfast/core' { interface AuditEvents { acme_uploaded: { readonly bucket: string } } }`.
 * Events are per batch, never per file; whatever could be long is a sample of at most 10.
 */
export interface AuditEvents {
  run_started: RunOfEvent & {
    readonly role: string
    readonly epoch: number
    readonly request: object
    /** The bound plan, when the run was given one. */
    readonly plan?: string
    readonly cap?: number
    readonly override?: readonly string[]
  }
  /** One batch of a run is committed. The chunks of a run add up to its `done`. */
  chunk_committed: RunOfEvent & {
    readonly action: GateAction
    /** From 0. */
    readonly chunk: number
    readonly done: Totals
    readonly skipped: Readonly<Record<string, number>>
    readonly reasons: readonly string[]
    readonly sample: readonly string[]
  }
  run_completed: RunOfEvent & RunCounts
  run_aborted: RunOfEvent &
    RunCounts & { readonly reason: AbortReason; readonly message: string; readonly code?: string }
  cap_hit: RunOfEvent & { readonly cap: number; readonly planned: number }
  over_limit: RunOfEvent & { readonly plan: string; readonly limits: readonly LimitExcess[] }
  tick_denied: {
    readonly job: string
    readonly actor: Actor
    readonly by: string
    readonly reason: AbortReason
    readonly message: string
    readonly role: string
    readonly holder?: string
  }
  tick_skipped: { readonly job: string; readonly actor: Actor; readonly run: string }
}
export type AuditName = keyof AuditEvents & string

interface RunCounts {
  readonly planned: Totals
  readonly done: Totals
  readonly kept: Readonly<Record<string, number>>
  readonly skipped: Readonly<Record<string, number>>
  readonly chunks: number
  /** Milliseconds. */
  readonly duration: number
}

/** An event as it is delivered: `audit` tells which it is. */
export type AuditEvent<N extends AuditName = AuditName> = {
  [K in N]: AuditEvents[K] & {
    readonly audit: K
    /** Milliseconds since 1970 UTC. */
    readonly at: number
    readonly node: string
  }
}[N]
