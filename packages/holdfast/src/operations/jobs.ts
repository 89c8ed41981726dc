import {
  HoldfastError,
  type JobRun,
  type JobStatus,
  type PlanItem,
  type PlanRecord,
  type RunProgress,
} from '@holdfast/core'
import { answering, type Call, type Operation, type Step } from './operation.ts'

export const list: Operation<object, JobStatus, { readonly jobs: number }> = async function* ({
  node,
  signal,
}) {
  const statuses = await node.jobs.status({ signal })
  yield* statuses
  return { jobs: statuses.length }
}

export interface JobRequest {
  readonly job: string
}

/** A job, and the newest of its runs that have ended. */
export interface JobShown {
  readonly status: JobStatus
  readonly runs: readonly JobRun[]
}

export const show = answering<JobRequest, JobShown>(async ({ node, signal }, { job }) => {
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

export const plan: Operation<PlanRequest, PlanItem, PlanRecord> = async function* (call, asked) {
  const { job, request = {}, items = Number.POSITIVE_INFINITY } = asked
  const made = await call.node.jobs.plan(job, request as never, optionsOf(call))
  let given = 0
  if (items > 0)
    for await (const page of made.items())
      for (const item of page) {
        if (given++ === items) return recordOf(made)
        yield item
      }
  return recordOf(made)
}

/** A plan without what reads its items. */
function recordOf({ items: _items, all: _all, ...record }: PlanRecord & { items?: unknown; all?: unknown }) {
  return record
}

export interface RunRequest extends JobRequest {
  /** What the run is asked for: `act`, `plan`, `cap`, and what the job takes. */
  readonly request: object
}

export const run = answering<RunRequest, JobRun>(async (call, { job, request }) => {
  return await call.node.jobs.run(job, request as never, optionsOf(call))
})

export interface CancelRequest {
  /** A job, or a run. */
  readonly of: string
}

/** Ends the run of a job, or one run, between two of its chunks; null when none is in flight. */
export const cancel = answering<CancelRequest, { readonly run: string | null }>(async ({ node }, { of }) => {
  const running = node.jobs.running().find(({ id, job }) => id === of || job === of)
  if (!running && !node.jobs.names().includes(of) && !/^[0-9A-Z]{26}$/.test(of))
    throw new HoldfastError('HF_JOB_UNKNOWN', `no job "${of}"; this node has ${node.jobs.names().join(', ')}`)
  return { run: running && node.jobs.cancel(running.id) ? running.id : null }
})

function optionsOf({ signal, onStep }: Call) {
  return { signal, onProgress: (progress: RunProgress) => onStep(stepOf(progress)) }
}

function stepOf({ id, job, phase, done, total, rate, eta }: RunProgress): Step {
  return {
    what: `${job}, ${phase}`,
    unit: 'files',
    done,
    run: id,
    ...(total !== undefined && { total }),
    ...(rate !== undefined && { rate }),
    ...(eta !== undefined && { eta }),
  }
}
