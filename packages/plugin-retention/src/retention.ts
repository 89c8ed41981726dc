import {
  type ActContext,
  type ChunkOutcome,
  definePlugin,
  duration,
  HoldfastError,
  lifeKnobs,
  limitKnobs,
  type Manifest,
  type PlanItem,
  type PlannedJob,
  type Plugin,
  totalsOf,
} from '@holdfast/core'
import { candidates } from './candidates.ts'
import { type Policy, type PolicyOptions, policies } from './policy.ts'

export interface RetentionOptions {
  readonly policies?: readonly PolicyOptions[]
  /** How long an expired file can be brought back before its bytes may be erased. Default 1h, at most 3650d; 0 must be said. */
  readonly eraseDelay?: number | string
  /** Cron text of five or six fields: runs by itself, and acts. Default off. */
  readonly schedule?: string
  /** Time zone of the schedule. Default UTC. */
  readonly timeZone?: string
  /** Delays the schedule by up to this, by a fixed time of each node. Default 0. */
  readonly jitter?: number | string
  /** Longest time of a run; then it ends between chunks. Default off. */
  readonly timeout?: number | string
  /** A plan of more files is refused as a whole. Default off. */
  readonly maxFiles?: number | 'off'
  /** A plan of more bytes is refused as a whole. Default off. */
  readonly maxBytes?: number | string
  /** A plan of at least 100 files and more than this part of a namespace's is refused as a whole: 0.2 or 20%. Default off. */
  readonly maxShare?: number | string
  /** `refuse`: a plan that takes the last file of a namespace is refused as a whole. Default off. */
  readonly emptiness?: 'refuse' | 'off'
}

/** What a run of retention may be asked for. */
export interface RetentionRequest {
  /** Only these policies, by id. Default: all active ones. */
  readonly policies?: readonly string[]
  /** What eligibility calls now: a Date, or milliseconds since 1970 UTC. Default: the clock. */
  readonly asOf?: Date | number
}

declare module '@holdfast/core' {
  interface JobRequests {
    retention: RetentionRequest
  }
}

type Services = { readonly manifest: Manifest }

/** Deletes what has expired: condemns it in the manifest first; the bytes follow by the manifest's queue. */
export function retention(options: RetentionOptions = {}): Plugin {
  return definePlugin({
    name: '@holdfast/plugin-retention',
    id: 'retention',
    version: '0.1.0',
    api: '1.0',
    needs: ['manifest'],
    options: { ...options },
    config: {
      policies: policies(),
      eraseDelay: duration({
        doc: 'How long an expired file can be brought back before its bytes may be erased.',
        default: '1h',
        max: '3650d',
        zero: 'not at all',
      }),
      ...lifeKnobs(),
      ...limitKnobs(),
    },
    setup({ config, clock, jobs }) {
      const { schedule, timeZone, jitter, timeout, maxFiles, maxBytes, maxShare, emptiness } = config
      const job: PlannedJob<Services, RetentionRequest> = {
        name: 'retention',
        doc: 'Deletes files whose newest row is older than their policies allow.',
        action: 'condemn',
        schedule,
        timeZone,
        jitter,
        timeout,
        limits: { files: maxFiles, bytes: maxBytes, share: maxShare, emptiness },
        check: (request) => requestProblems(request, config.policies),
        plan: (request, context) => {
          const now = clock.now()
          const asOf = request.asOf === undefined ? now : Number(request.asOf)
          return candidates(config.policies, request.policies, { asOf, now }, context)
        },
        act: (chunk, context) => condemn(chunk, config.eraseDelay, context),
      }
      jobs.define(job)
    },
  })
}

/** One chunk is one batch. Apply skips what has changed since it was planned; what it refuses ends the run. */
async function condemn(
  chunk: readonly PlanItem[],
  delay: number,
  { services: { manifest }, fence, run, signal }: ActContext<Services>,
): Promise<ChunkOutcome> {
  const ops = chunk.map(({ key, generation, reason }) => ({
    type: 'condemn' as const,
    key,
    generation,
    delay,
    reason,
    run,
  }))
  const result = await manifest.commit({ ops, fence }, { signal })
  if (result.status === 'rejected')
    throw new HoldfastError('HF_FENCED', `the batch was ${result.reason}: the role has passed on`, {
      operation: 'retention',
    })
  const done = chunk.filter((_, index) => result.outcomes[index]?.status === 'done')
  const skipped: Record<string, number> = {}
  for (const outcome of result.outcomes)
    if (outcome.status === 'skipped') skipped[outcome.reason] = (skipped[outcome.reason] ?? 0) + 1
  return { done: totalsOf(done), skipped }
}

const REQUEST_FIELDS: readonly string[] = ['policies', 'asOf'] satisfies (keyof RetentionRequest)[]

function requestProblems(request: RetentionRequest, known: readonly Policy[]): string[] {
  const { policies: ids = [], asOf } = request
  const unknown = Object.keys(request).filter((field) => !REQUEST_FIELDS.includes(field))
  // A misspelt `policies` must not mean all of them.
  if (unknown.length > 0)
    return [`"${unknown.join('", "')}" is unknown; known are ${REQUEST_FIELDS.join(', ')}`]
  if (!Array.isArray(ids)) return ['policies is not a list of ids']
  const problems = ids.flatMap((id) => {
    const policy = known.find((candidate) => candidate.id === id)
    if (!policy)
      return [`no policy "${id}"; there are ${known.map((candidate) => candidate.id).join(', ') || 'none'}`]
    return policy.active ? [] : [`policy "${id}" is not active`]
  })
  if (asOf !== undefined && !Number.isSafeInteger(Number(asOf)))
    problems.push('asOf is not a date or a number of milliseconds')
  return problems
}
