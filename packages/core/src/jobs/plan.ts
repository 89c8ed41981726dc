import { HoldfastError } from '../errors.ts'
import type { FilePath, StorageKey } from '../paths.ts'
import type { LimitExcess } from './limits.ts'

/** One file that a plan would act on, as it was when the plan was made. */
export interface PlanItem {
  readonly path: FilePath
  readonly key: StorageKey
  /** The change number that the decision was made on; a file that has changed since is skipped. */
  readonly generation: number
  readonly namespace: string
  /** Bytes. */
  readonly size: number
  readonly rows?: number
  readonly reason: string
}

export interface Totals {
  readonly files: number
  readonly bytes: number
  readonly rows: number
}

/** What is known of a plan apart from its items. Kept by the journal of the node that made it. */
export interface PlanRecord {
  readonly id: string
  readonly job: string
  /** The only node that can execute it. */
  readonly node: string
  /** Milliseconds since 1970 UTC, as `expiresAt`. */
  readonly createdAt: number
  /** From then on it is refused (HF_PLAN_EXPIRED). */
  readonly expiresAt: number
  /** What was asked, as JSON keeps it: a Date is its text. */
  readonly request: object
  readonly totals: Totals
  /** Files that the plan looked at and leaves, by why. */
  readonly kept: Readonly<Record<string, number>>
  /** SHA-256 over all of each item, in their order, hexadecimal: equal plans have equal digests. A run of the plan compares it. */
  readonly digest: string
  /** The limits of the job that it is over; empty when a run may execute it. */
  readonly overLimit: readonly LimitExcess[]
}

/**
 * What a job would do: nothing has been changed. `jobs.run(job, { plan: plan.id, act: true })` executes exactly this,
 * on this node, until it expires. Its items lie in the journal, not in memory.
 */
export interface Plan extends PlanRecord {
  /** The items in their order, page by page. @throws HF_PLAN_UNKNOWN (it was removed), HF_JOURNAL_CORRUPT */
  items(): AsyncIterable<readonly PlanItem[]>
  /** All items at once: for plans that are known to be small. @throws as {@link Plan.items} */
  all(): Promise<readonly PlanItem[]>
}

/** A plan over the journal that keeps it. */
export class SpooledPlan implements Plan {
  readonly id!: string
  readonly job!: string
  readonly node!: string
  readonly createdAt!: number
  readonly expiresAt!: number
  readonly request!: object
  readonly totals!: Totals
  readonly kept!: Readonly<Record<string, number>>
  readonly digest!: string
  readonly overLimit!: readonly LimitExcess[]
  readonly #read: () => AsyncIterable<readonly PlanItem[]>

  constructor(record: PlanRecord, read: () => AsyncIterable<readonly PlanItem[]>) {
    Object.assign(this, record)
    this.#read = read
    Object.freeze(this)
  }

  items(): AsyncIterable<readonly PlanItem[]> {
    return this.#read()
  }

  async all(): Promise<readonly PlanItem[]> {
    const all: PlanItem[] = []
    for await (const page of this.items()) for (const item of page) all.push(item)
    return all
  }
}

/** The error for a plan that a node does not have, or has no longer. */
export function planUnknown(id: string): HoldfastError {
  return new HoldfastError(
    'HF_PLAN_UNKNOWN',
    `this node has no plan ${id}; a plan lives on the node that made it, until it expires or its run completes it`,
    { context: { plan: id } },
  )
}
