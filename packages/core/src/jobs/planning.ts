import { HoldfastError } from '../errors.ts'
import { Abort } from './abort.ts'
import type { PlannedJob } from './definition.ts'
import { frozenCopy } from './frozen.ts'
import { ItemsDigest, ownItem } from './items.ts'
import type { Journal } from './journal.ts'
import { judgeLimits, type LimitExcess, type Limits, type NamespaceTake, stricter } from './limits.ts'
import { type PlanItem, type PlanRecord, planUnknown, SpooledPlan } from './plan.ts'
import { asJson } from './request.ts'
import { add, addCounts, NOTHING, totalsOf } from './totals.ts'

/** Items that are written at once: all that planning holds of a plan. */
const SPOOL_ITEMS = 1000
const PLAN_EXPIRY_MS = 86_400_000
/** Plans that a node keeps at most, of all jobs; the oldest go first. */
const PLANS_KEPT = 50

export interface PlanningParts {
  readonly id: string
  readonly node: string
  /** Wall time, ms since 1970 UTC. */
  readonly now: number
  readonly journal: Journal
  readonly limits: Limits
  readonly signal: AbortSignal
  /** Told how many files have been found. */
  readonly onFound?: (files: number) => void
}

/** One deterministic pass, spooled to the journal: memory grows with the namespaces, not with the files. */
export async function makePlan<S, R extends object>(
  job: PlannedJob<S, R>,
  request: R,
  services: S,
  { id, node, now, journal, limits, signal, onFound }: PlanningParts,
): Promise<SpooledPlan> {
  const digest = new ItemsDigest()
  const kept: Record<string, number> = {}
  const takes = new Takes(job.name)
  let totals = NOTHING
  let waiting: PlanItem[] = []
  const spool = async () => {
    await journal.spool(id, totals.files, waiting)
    totals = add(totals, totalsOf(waiting))
    waiting = []
    onFound?.(totals.files)
    await breathe(signal)
  }
  try {
    const context = {
      services,
      signal,
      keep: (why: string, files = 1) => addCounts(kept, { [why]: counted(job.name, 'keep', files) }),
      population: takes.population,
    }
    for await (const page of job.plan(request, context)) {
      signal.throwIfAborted()
      for (const given of page) {
        const item = ownItem(job.name, given)
        digest.add(item)
        takes.of(item.namespace).planned++
        waiting.push(item)
        if (waiting.length === SPOOL_ITEMS) await spool()
      }
    }
    if (waiting.length > 0) await spool()
    const record: PlanRecord = frozenCopy({
      id,
      job: job.name,
      node,
      createdAt: now,
      expiresAt: now + (job.planExpiry ?? PLAN_EXPIRY_MS),
      request: asJson(request),
      totals,
      kept,
      digest: digest.end(),
      overLimit: judgeLimits(stricter(job.limits ?? {}, limits), totals, takes.all),
    })
    await journal.addPlan(record)
    return planOf(record, journal)
  } catch (error) {
    // What went wrong is what the caller must see; the journal removes leftovers at its next start as well.
    await journal.removePlan(id).catch(() => undefined)
    throw error
  }
}

/** What a plan takes of each namespace. */
class Takes {
  readonly all = new Map<string, NamespaceTake>()
  readonly #job: string

  constructor(job: string) {
    this.#job = job
  }

  of(namespace: string): NamespaceTake {
    const known = this.all.get(namespace) ?? { planned: 0, population: undefined }
    this.all.set(namespace, known)
    return known
  }

  readonly population = (namespace: string, files: number): void => {
    this.of(namespace).population = counted(this.#job, 'population', files)
  }
}

/** What is no number of files would pass every limit. */
function counted(job: string, what: string, files: number): number {
  if (Number.isSafeInteger(files) && files >= 0) return files
  throw new HoldfastError('HF_PLUGIN_FAILED', `job ${job} gives ${what} ${String(files)} files`, {
    operation: `jobs.plan ${job}`,
    context: { job },
  })
}

/** A pass over millions must not hold up the rest of the process. */
async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  signal.throwIfAborted()
}

/**
 * Reads a plan that was made earlier, before anything of it is done, and gives the limits that it is over by now: its
 * namespaces may have become smaller, and the limits of the job stricter.
 * @throws Abort when it is not what it was then
 */
export async function checkItems<S, R extends object>(
  plan: SpooledPlan,
  job: PlannedJob<S, R>,
  services: S,
  signal: AbortSignal,
): Promise<readonly LimitExcess[]> {
  const digest = new ItemsDigest()
  const takes = new Takes(job.name)
  const context = { services, population: takes.population }
  let totals = NOTHING
  for await (const page of plan.items()) {
    for (const item of page) digest.add(item)
    const standing = job.standing?.(page, context) ?? []
    for (const { namespace } of standing) takes.of(namespace).planned++
    totals = add(totals, totalsOf(standing))
    await breathe(signal)
  }
  if (digest.end() !== plan.digest)
    throw new Abort(
      'corrupt',
      `plan ${plan.id} is not what it was when it was made: make a new one`,
      'HF_JOURNAL_CORRUPT',
    )
  const now = judgeLimits(stricter(job.limits ?? {}, {}), totals, takes.all)
  return [...now, ...plan.overLimit.filter(({ limit }) => !now.some((excess) => excess.limit === limit))]
}

function planOf(record: PlanRecord, journal: Journal): SpooledPlan {
  return new SpooledPlan(record, () => journal.planItems(record.id))
}

/** A plan that a run was asked to execute. @throws HF_PLAN_UNKNOWN, HF_PLAN_EXPIRED, HF_PLAN_FOREIGN, HF_JOURNAL_CORRUPT */
export async function boundPlan(
  id: string,
  { job, node, now, journal }: { job: string; node: string; now: number; journal: Journal },
): Promise<SpooledPlan> {
  const record = await journal.plan(id)
  if (!record) throw planUnknown(id)
  const context = { plan: id, job: record.job, node: record.node, expiresAt: record.expiresAt }
  if (record.job !== job || record.node !== node)
    throw new HoldfastError(
      'HF_PLAN_FOREIGN',
      `plan ${id} is of job ${record.job} on node ${record.node}, not of job ${job} on node ${node}`,
      { context },
    )
  if (record.expiresAt <= now)
    throw new HoldfastError(
      'HF_PLAN_EXPIRED',
      `plan ${id} expired at ${new Date(record.expiresAt).toISOString()}`,
      { context },
    )
  return planOf(record, journal)
}

/** Removes plans that have expired, and the oldest of too many. */
export async function prunePlans(journal: Journal, now: number, inUse: ReadonlySet<string>): Promise<void> {
  const plans = await journal.plans()
  const tooMany = plans.length - PLANS_KEPT
  for (const [at, { id, expiresAt }] of plans.entries())
    if (!inUse.has(id) && (at < tooMany || (expiresAt !== undefined && expiresAt <= now)))
      await journal.removePlan(id)
}
