import type { PlanItem, PlanRecord } from './plan.ts'
import type { RunRecord } from './run.ts'

/** Runs of one job that are remembered. */
export const RUNS_KEPT = 50

/**
 * Where a node keeps its runs and plans: the service `journal`. It belongs to one node and is no part of the
 * manifest's state. `@holdfast/manifest` brings one on disk; without any, the kernel keeps them in memory.
 *
 * Laws: a write is durable when it resolves; a record comes back as it was given; a damaged one is HF_JOURNAL_CORRUPT,
 * never a wrong value, and hides no other.
 */
export interface Journal {
  /** Adds a run, or replaces it by id. Of each job the newest 50 stay. */
  recordRun(run: RunRecord): Promise<void>
  /** The runs of a job, newest first. @throws HF_JOURNAL_CORRUPT */
  runs(job: string): Promise<readonly RunRecord[]>
  /** Runs whose end was not recorded, those that can be read. */
  openRuns(): Promise<readonly RunRecord[]>
  /** Adds items behind the `from` that this plan has already. Nobody sees them before `addPlan`. */
  spool(plan: string, from: number, items: readonly PlanItem[]): Promise<void>
  /** Makes a plan whose items have been spooled known. */
  addPlan(plan: PlanRecord): Promise<void>
  /** @throws HF_JOURNAL_CORRUPT */
  plan(id: string): Promise<PlanRecord | undefined>
  /** Ids and expiry of all plans, oldest first, also of damaged ones (without expiry). */
  plans(): Promise<readonly { readonly id: string; readonly expiresAt: number | undefined }[]>
  /** The items of a plan in their order, all of them. @throws HF_PLAN_UNKNOWN, HF_JOURNAL_CORRUPT (also in mid-stream) */
  planItems(id: string): AsyncIterable<readonly PlanItem[]>
  /** Removes a plan and whatever was spooled for it. */
  removePlan(id: string): Promise<void>
}
