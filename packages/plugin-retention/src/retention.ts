import { createRequire } from 'node:module'
import {
  definePlugin,
  duration,
  lifeKnobs,
  limitKnobs,
  type Manifest,
  type PlannedJob,
  type Plugin,
} from '@holdfast/core'
import { PolicyBook } from './book.ts'
import { dueFiles, itemOf } from './candidates.ts'
import { condemn } from './condemn.ts'
import { Declaring } from './declaring.ts'
import { inspectJob } from './inspect.ts'
import { Jury } from './judge.ts'
import { NodeRetention } from './node-retention.ts'
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
  /** Cron text by which files without times are looked into (job `retention-inspect`). Default off. */
  readonly inspectSchedule?: string
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
    version: createRequire(import.meta.url)('../package.json').version,
    api: '1.0',
    needs: ['manifest', 'files'],
    provides: ['retention'],
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
      inspectSchedule: {
        ...lifeKnobs().schedule,
        doc: 'When files without times are looked into. It has the time zone, jitter and timeout of the other job.',
      },
    },
    setup({ config, clock, gate, inspection, log, audit, jobs, provide, onStart, onStop }) {
      const { schedule, timeZone, jitter, timeout, maxFiles, maxBytes, maxShare, emptiness } = config
      const limits = { files: maxFiles, bytes: maxBytes, share: maxShare, emptiness }
      const now = () => clock.now()
      // Made by the first of those who need it: the service, before anything has started.
      let book: PolicyBook | undefined
      let declaring: Declaring | undefined
      const bookOf = (manifest: Manifest) => {
        book ??= new PolicyBook(config.policies, manifest)
        return book
      }
      provide(
        'retention',
        ({ manifest, files }) =>
          new NodeRetention({
            book: bookOf(manifest),
            manifest,
            files,
            audit,
            now,
            limits,
            schedule,
            inspection,
          }),
      )
      onStart(async ({ manifest }) => {
        declaring = new Declaring({ book: bookOf(manifest), manifest, gate, clock, log })
        await declaring.start()
      })
      onStop(() => declaring?.stop())
      const job: PlannedJob<Services, RetentionRequest> = {
        name: 'retention',
        doc: 'Deletes files that their policies let go.',
        action: 'condemn',
        schedule,
        timeZone,
        jitter,
        timeout,
        limits,
        check: (request) => requestProblems(request, book?.policies() ?? config.policies),
        async *plan(request, context) {
          const { manifest } = context.services
          const times = { asOf: asOfOf(request) ?? now(), now: now() }
          const known = bookOf(manifest).policies()
          for (const { id, problems } of known)
            if (problems)
              log.warn({ policy: id, problems }, 'a policy cannot be read: what it may be about stays')
          const jury = new Jury(known, request.policies, times)
          for await (const page of dueFiles(jury, manifest, context)) yield page.map(itemOf)
        },
        standing: (items, { services: { manifest }, population }) => {
          for (const namespace of new Set(items.map((item) => item.namespace)))
            population(namespace, manifest.namespace(namespace)?.files ?? 0)
          return items.filter(({ path, generation }) => manifest.entry(path)?.generation === generation)
        },
        act: (chunk, context) => {
          const { policies: chosen, ...asked } = context.request as RetentionRequest
          const times = { asOf: asOfOf(asked) ?? now(), now: now() }
          const { manifest } = context.services
          const known = bookOf(manifest).policies()
          return condemn(chunk, { policies: known, chosen, times, delay: config.eraseDelay }, context)
        },
      }
      jobs.define(job)
      const life = { schedule: config.inspectSchedule, timeZone, jitter, timeout }
      jobs.define(inspectJob(life, { inspection, log }))
    },
  })
}

/** Also as JSON keeps it: a Date is its text. */
function asOfOf({ asOf }: RetentionRequest): number | undefined {
  if (asOf === undefined) return undefined
  return typeof asOf === 'string' ? Date.parse(asOf) : Number(asOf)
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
    if (policy.problems) return [`policy "${id}" cannot be read: ${policy.problems.join('; ')}`]
    return policy.active ? [] : [`policy "${id}" is not active`]
  })
  // A text of digits would be a number to one reader, and a year to another.
  const isTime = asOf instanceof Date || typeof asOf === 'number'
  if (asOf !== undefined && !(isTime && Number.isSafeInteger(Number(asOf))))
    problems.push('asOf is not a date or a number of milliseconds')
  return problems
}
