import type {
  ActContext,
  ChunkOutcome,
  Entry,
  EntryChanges,
  FileInspection,
  FileTimes,
  Logger,
  Manifest,
  PlanContext,
  PlanItem,
  PlannedJob,
} from '@holdfast/core'
import { breathe } from './candidates.ts'
import { commitChunk } from './commit-chunk.ts'
import { pages } from './judge.ts'
import { Unanswered } from './unanswered.ts'
import { UntimedFiles } from './untimed.ts'

/** What a run of the job may be asked for. */
export interface RetentionInspectRequest {
  /**
   * Look at all files whose paths begin so, however many there are; `''`: at all. Those that no plugin could tell of are
   * asked about again. Default: go on where the last run ended, without these.
   */
  readonly prefix?: string
}

declare module '@holdfast/core' {
  interface JobRequests {
    'retention-inspect': RetentionInspectRequest
  }
  interface GateActions {
    /** A job that takes over times that it has found in files. */
    'retention.inspect': true
  }
}

type Services = { readonly manifest: Manifest }
type Life = Pick<PlannedJob<Services>, 'schedule' | 'timeZone' | 'jitter' | 'timeout'>

interface Parts {
  readonly inspection: FileInspection
  readonly log: Logger
}

/** Files that are looked into at once. */
const AT_ONCE = 8
const NOBODY = 'no plugin can tell'
const ASKED = 'asked about before'

/** Finds files without times, asks the taps of `inspectFile`, and commits what they know. */
export function inspectJob(
  life: Life,
  { inspection, log }: Parts,
): PlannedJob<Services, RetentionInspectRequest> {
  const unanswered = new Unanswered()
  const untimed = new UntimedFiles()
  return {
    ...life,
    name: 'retention-inspect',
    doc: 'Looks into files whose times are not known, and takes over what plugins find there.',
    action: 'retention.inspect',
    check: requestProblems,
    async *plan({ prefix }, { services: { manifest }, keep, signal }) {
      const files = await countUntimed(manifest, signal)
      if (files === 0) return
      if (!inspection.isTapped) return keep('no plugin taps inspectFile', files)
      unanswered.trim(files)
      const toAsk = (found: readonly Entry[]) => {
        const left = found.filter((entry) => !unanswered.has(entry))
        if (left.length < found.length) keep(ASKED, found.length - left.length)
        return left
      }
      const found =
        prefix === undefined ? untimed.next(manifest, toAsk, signal) : untimed.all(manifest, prefix, signal)
      for await (const page of found) yield page.map(itemOf)
    },
    async act(chunk, context) {
      const outcome = await takeOver(chunk, context, { inspection, log, unanswered })
      untimed.passed(chunk)
      return outcome
    },
  }
}

/** From the counters: nothing is scanned while every file has its times. */
async function countUntimed(manifest: Manifest, signal: PlanContext<unknown>['signal']): Promise<number> {
  let untimed = 0
  for (const page of pages((after) => manifest.namespaces(after))) {
    for (const { files, timedFiles } of page) untimed += files - timedFiles
    await breathe(signal)
  }
  return untimed
}

function itemOf({ path, key, generation, namespace, size, rows }: Entry): PlanItem {
  return { path, key, generation, namespace, size, ...(rows !== undefined && { rows }), reason: 'inspect' }
}

/** One chunk is one batch, each op on the condition that the file is the one that was looked into. */
async function takeOver(
  chunk: readonly PlanItem[],
  context: ActContext<Services>,
  { inspection, log, unanswered }: Parts & { readonly unanswered: Unanswered },
): Promise<ChunkOutcome> {
  const {
    services: { manifest },
    signal,
  } = context
  const skipped: Record<string, number> = {}
  const skip = (why: string) => {
    skipped[why] = (skipped[why] ?? 0) + 1
  }
  const leave = (path: string, why: string, cause: string) => {
    // One for all of a chunk: what fails once often fails for all.
    if (skipped[why] === undefined) log.warn({ path, cause }, `${why}: the file stays as it is`)
    skip(why)
  }
  const found = await allOf(chunk, async ({ path, generation }): Promise<EntryChanges | undefined> => {
    const entry = manifest.entry(path)
    if (entry?.generation !== generation) return void skip('changed')
    const inspected = await inspection.inspect(entry, { signal })
    const inVain = (why: string) => {
      unanswered.add(entry)
      skip(why)
    }
    if (inspected.status === 'unknown') return void inVain(NOBODY)
    if (inspected.status === 'failed') return void leave(path, `plugin ${inspected.by} failed`, inspected.why)
    if (inspected.status === 'unreadable')
      return void leave(path, 'its bytes cannot be read', inspected.error.message)
    const { times } = inspected
    if (times.maxTime === undefined) return void inVain(NOBODY)
    return changesFor(entry, times) ?? void inVain('contradicts what is listed')
  })
  const ops = chunk.flatMap((item, at) => {
    const changes = found[at]
    const { key, generation } = item
    return changes ? [{ item, op: { type: 'update', key, generation, changes } as const }] : []
  })
  return commitChunk(ops, skipped, context)
}

/** A few at a time, in the order of the items. The first that rejects ends all. */
async function allOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const waiting = items.entries()
  let hasFailed = false
  const worker = async () => {
    for (const [at, item] of waiting) {
      if (hasFailed) return
      try {
        results[at] = await work(item)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

/** What a caller has said of the file stands. Undefined: there is no newest row to take over, or it cannot be. */
function changesFor(
  { minTime: since, rows: said }: Entry,
  { minTime = since, maxTime, rows }: FileTimes,
): EntryChanges | undefined {
  if (maxTime === undefined || (since !== undefined && since > maxTime)) return undefined
  return {
    maxTime,
    ...(since === undefined && minTime !== undefined && { minTime }),
    ...(said === undefined && rows !== undefined && { rows }),
  }
}

function requestProblems(request: RetentionInspectRequest): string[] {
  const unknown = Object.keys(request).filter((field) => field !== 'prefix')
  if (unknown.length > 0) return [`"${unknown.join('", "')}" is unknown; known is prefix`]
  const { prefix = '' } = request
  return typeof prefix === 'string' ? [] : ['prefix is not a text']
}
