/**
 * Privileged actions by name. A package adds its own:
 * `declare module '@holdfast/core' { interface GateActions { 'acme.compact': true } }`.
 */
export interface GateActions {
  /** Committing a chunk of a job that condemns files. */
  condemn: true
  /** Dooming files and deleting their bytes. */
  erase: true
}
export type GateAction = keyof GateActions

/** Who started it. */
export type Actor = 'user' | 'schedule' | 'node'

export interface GateRequest {
  readonly action: GateAction
  readonly actor: Actor
  readonly job?: string
  readonly run?: string
  /** Number of the chunk about to be done, from 0; absent for the question before the run. */
  readonly chunk?: number
}

/** Why a run did not happen or did not end. One vocabulary for all jobs. */
export type AbortReason =
  | 'not_authorised'
  | 'authority_lost'
  | 'authority_write_failed'
  | 'cancelled'
  | 'timed_out'
  | 'over_limit'
  | 'store_mismatch'
  | 'manifest_behind'
  | 'clock_suspect'
  | 'state_diverged'
  | 'corrupt'
  | 'unknown'

/** A no. Anything else that a condition or tap resolves with, except undefined, denies as well: see the guard. */
export interface Denial {
  /** For people: why not, and until when. */
  readonly deny: string
  /** Default `not_authorised`. */
  readonly reason?: AbortReason
  /** Milliseconds after which asking again makes sense. */
  readonly retryAfter?: number
}

/** Whether a condition or a tap said no in the way that is agreed. */
export function isDenial(value: unknown): value is Denial {
  return typeof value === 'object' && value !== null && typeof (value as Denial).deny === 'string'
}

/** The gate's answer. It is for now only: ask again before every chunk. */
export type Verdict =
  | { readonly allowed: true; readonly role: string; readonly epoch: number }
  | {
      readonly allowed: false
      readonly role: string
      readonly epoch: number
      /** The condition or plugin that said no. */
      readonly by: string
      readonly message: string
      readonly reason: AbortReason
      readonly retryAfter?: number
      /** The node that holds the needed role, where it is known. */
      readonly holder?: string
    }
