import {
  HoldfastError,
  type JobRun,
  type JobStatus,
  type PlanItem,
  type PlanRecord,
  type RunProgress,
  type Totals,
} from '@holdfast/core'
import { answering, type Call, operation, type Step } from './operation.ts'
import { count, object, optional, text } from './request.ts'

export const list = operation<object, JobStatus, { readonly jobs: number }>({}, async function* (call) {
  const statuses = await call.node.jobs.status(call)
  yield* statuses
  return { jobs: statuses.length }
})

export interface JobRequest {
  readonly job: string
}

/** A job, and the newest of its runs that have ended. */
export interface JobShown {
  readonly status: JobStatus
  readonly runs: readonly JobRun[]
}

export const show = answering<JobRequest, JobShown>({ job: text }, async ({ node, signal }, { job }) => {
  const runs = await node.jobs.history(job)
  const status = (await node.jobs.status({ signal })).find((one) => one.job === job)
  return { status: status as JobStatus, runs }
})

export interface PlanRequest extends JobRequest {
  /** What the job takes: policies, times, limits. */
  readonly request?: object
  /** Most items that are given; the plan has all of them. Default: all. */
  readonly items?: number
}

const PLAN = { job: text, request: optional(object), items: optional(count) }

export const plan = operation<PlanRequest, PlanItem, PlanRecord>(PLAN, async function* (call, asked) {
  const { job, request = {}, items = Number.POSITIVE_INFINITY } = asked
  const made = await call.node.jobs.plan(job, request as never, optionsOf(call, stepOf))
  let given = 0
  if (items > 0)
    for await (const page of made.items())
      for (const item of page) {
        if (given++ === items) return recordOf(made)
        yield item
      }
  return recordOf(made)
})

/** What a plan comes to that was made earlier. */
export const planned = answering<{ readonly plan: string }, Totals>(
  { plan: text },
  async ({ node, signal }, asked) => {
    let [files, bytes, rows] = [0, 0, 0]
    for await (const page of node.jobs.planItems(asked.plan)) {
      signal.throwIfAborted()
      files += page.length
      for (const item of page) {
        bytes += item.size
        rows += item.rows ?? 0
      }
    }
    return { files, bytes, rows }
  },
)

/** A plan without what reads its items. */
function recordOf({ items: _items, all: _all, ...record }: PlanRecord & { items?: unknown; all?: unknown }) {
  return record
}

export interface RunRequest extends JobRequest {
  /** What the run is asked for: `act`, `plan`, `cap`, and what the job takes. */
  readonly request: object
}

const RUN = { job: text, request: object }

export const run = answering<RunRequest, JobRun>(RUN, async (call, { job, request }) => {
  const step = (progress: RunProgress) => ({ ...stepOf(progress), run: progress.id })
  return await call.node.jobs.run(job, request as never, optionsOf(call, step))
})

export interface CancelRequest {
  /** A job, or a run. */
  readonly of: string
}

export interface Cancelled {
  /** The run that is ending; null when none was in flight. */
  readonly run: string | null
}

/** Ends the run of a job, or one run, between two of its chunks. */
export const cancel = answering<CancelRequest, Cancelled>({ of: text }, async ({ node }, { of }) => {
  const running = node.jobs.running().find(({ id, job }) => id === of || job === of)
  if (!running && !node.jobs.names().includes(of) && !/^[0-9A-Z]{26}$/.test(of))
    throw new HoldfastError('HF_JOB_UNKNOWN', `no job "${of}"; this node has ${node.jobs.names().join(', ')}`)
  return { run: running && node.jobs.cancel(running.id) ? running.id : null }
})

function optionsOf({ signal, onStep }: Call, step: (progress: RunProgress) => Step) {
  return { signal, onProgress: (progress: RunProgress) => onStep(step(progress)) }
}

function stepOf({ job, phase, done, total, rate, eta }: RunProgress): Step {
  return {
    what: `${job}, ${phase}`,
    unit: 'files',
    done,
    ...(total !== undefined && { total }),
    ...(rate !== undefined && { rate }),
    ...(eta !== undefined && { eta }),
  }
}
