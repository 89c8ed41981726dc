import type { CallOptions, Entry, Hold, Inspected, KeyState, Limits, Totals } from '@holdfast/core'
import type { KnownPolicy } from './book.ts'
import type { Because } from './judge.ts'
import type { Policy, PolicyOptions } from './policy.ts'
import type { Returned } from './undo.ts'

declare module '@holdfast/core' {
  interface Services {
    retention: Retention
  }
  interface AuditEvents {
    policy_set: { readonly policy: string; readonly to: object }
    policy_removed: { readonly policy: string }
    /** What this node had declared counts no more. */
    policies_forgotten: { readonly of: string }
  }
}

/** What one policy says of one file. */
export interface PolicySays {
  readonly id: string
  /** `takes`: it lets the file go. `overridden` and `inactive` have no say. */
  readonly says: 'takes' | 'keeps' | 'overridden' | 'inactive'
  readonly because?: Because
  /** The policy that overrides it. */
  readonly by?: string
  /** From when on it lets the file go, if nothing else changes, ms since 1970 UTC. Absent: no time says so. */
  readonly from?: number
}

/** What becomes of a file, and why. */
export interface Explanation {
  readonly path: string
  /** Of the file that has this path; when none has, of the newest that had. `unknown`: there is no trace of one. */
  readonly state: KeyState['state'] | 'unknown'
  readonly entry?: Entry
  /** Whether a run of this moment would take it. */
  readonly due: boolean
  /** From when on a run would take it, if nothing else changes, ms since 1970 UTC. Absent: nothing says so. */
  readonly dueFrom?: number
  /** Every policy that matches, in the order of their ids. */
  readonly policies: readonly PolicySays[]
  /** Rules that keep it, whatever the policies say. */
  readonly holds: readonly Hold[]
  /** Limits of the job: a plan that is over one of them is refused as a whole. */
  readonly limits: Limits
  /** Cron text by which the job runs, or `off`. */
  readonly schedule: string
  /** The files of this path that were listed before and are on their way out or gone, oldest first; at most 100. */
  readonly earlier: readonly Exclude<KeyState, { state: 'live' }>[]
}

/** What a simulation changes. */
export interface SimulationRequest {
  /** In the place of the maxAge that policies have; those without one stay as they are. */
  readonly maxAge?: number | string
  /** Only of these policies, by id. Default: of all. */
  readonly policies?: readonly string[]
  /** Policies as they would be: beside the others, or in the place of the ones with their ids. */
  readonly set?: readonly PolicyOptions[]
  /** What eligibility calls now: a Date, or milliseconds since 1970 UTC. Default: the clock. */
  readonly asOf?: Date | number
}

/** Files of one namespace whose newest rows are of one day. */
export interface SimulatedDay {
  readonly namespace: string
  /** Of the newest row, UTC: `2026-05-31`. */
  readonly day: string
  /** What goes by the policies as they are. */
  readonly current: Totals
  /** What would go by those of the simulation. */
  readonly simulated: Totals
}

export interface Simulation {
  readonly current: Totals
  readonly simulated: Totals
  /** By namespace, then by day; only those of which something goes. */
  readonly days: readonly SimulatedDay[]
  /** Files that would stay though they are old, by why. */
  readonly kept: Readonly<Record<string, number>>
}

/** The policies of a node, and what comes of them. */
export interface Retention {
  /** All policies in the order of their ids; one that cannot be read says so in its `problems`. @throws HF_POLICY_CONFLICT */
  list(): readonly KnownPolicy[]
  /**
   * Sets a run-time policy, or replaces the one of this id, on every node. It counts from the next chunk of a run on.
   * @throws HF_POLICY_INVALID, HF_POLICY_DECLARED
   */
  set(policy: PolicyOptions, options?: CallOptions): Promise<Policy>
  /** Removes a run-time policy. Resolves with whether there was one. @throws HF_POLICY_DECLARED */
  remove(id: string, options?: CallOptions): Promise<boolean>
  /** Forgets what a node declares that never comes back. Resolves with whether it declared anything. */
  forget(node: string, options?: CallOptions): Promise<boolean>
  /** What every policy, hold and limit says of a file. Changes nothing. @throws HF_POLICY_CONFLICT, HF_PATH_INVALID */
  explain(path: string, options?: CallOptions): Promise<Explanation>
  /** What other policies would delete, against the current ones. Changes nothing. @throws HF_POLICY_INVALID, HF_POLICY_CONFLICT */
  simulate(request: SimulationRequest, options?: CallOptions): Promise<Simulation>
  /**
   * Brings back the newest condemned file of a path, or all that a run took, as `files.undo` does, and says what had
   * taken them.
   * @throws as {@link Files.undo}
   */
  undo(what: string | { readonly run: string }, options?: CallOptions): Promise<Returned>
  /** What plugins find of a file's times in its bytes. Changes nothing. @throws HF_PATH_INVALID, HF_FILE_NOT_FOUND */
  inspect(path: string, options?: CallOptions): Promise<Inspected>
}
