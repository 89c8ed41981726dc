import { frozenCopy } from './frozen.ts'
import { type Journal, RUNS_KEPT } from './journal.ts'
import { type PlanItem, type PlanRecord, planUnknown } from './plan.ts'
import type { RunRecord } from './run.ts'

/** The journal of a node without one on disk: the same, as long as the process lives. What it hands out cannot be changed. */
export function memoryJournal(): Journal {
  const runsOf = new Map<string, RunRecord[]>()
  const plans = new Map<string, PlanRecord>()
  const spooled = new Map<string, (readonly PlanItem[])[]>()
  const runs = (job: string) => runsOf.get(job) ?? []
  return {
    async recordRun(run) {
      const others = runs(run.job).filter(({ id }) => id !== run.id)
      const sorted = [...others, frozenCopy(run)].sort((a, b) => (a.id < b.id ? 1 : -1))
      runsOf.set(run.job, sorted.slice(0, RUNS_KEPT))
    },
    runs: async (job) => runs(job),
    openRuns: async () => [...runsOf.values()].flat().filter(({ outcome }) => !outcome),
    async spool(plan, _from, items) {
      spooled.set(plan, [...(spooled.get(plan) ?? []), frozenCopy(items)])
    },
    async addPlan(plan) {
      plans.set(plan.id, frozenCopy(plan))
    },
    plan: async (id) => plans.get(id),
    plans: async () => [...plans.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    async *planItems(id) {
      if (!plans.has(id)) throw planUnknown(id)
      yield* spooled.get(id) ?? []
    },
    async removePlan(id) {
      plans.delete(id)
      spooled.delete(id)
    },
  }
}
