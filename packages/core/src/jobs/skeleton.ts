import { createHash } from 'node:crypto'
import { type Clock, sleep } from '../clock.ts'
import { hasCode, isHoldfastError, messageOf } from '../errors.ts'
import type { FailpointRegistry } from '../failpoints.ts'
import type { Gate } from '../gate/gate.ts'
import type { AbortReason, Actor } from '../gate/request.ts'
import { MAX_BATCH_OPS } from '../manifest/ops.ts'
import type { ChunkOutcome, JobDefinition, PlanItem, Totals } from './job.ts'
import { add, addCounts, NOTHING } from './totals.ts'

/** The life of every destructive run: gate, chunk, gate, chunk, ... with the counts of what is finished. */
export interface ActingRun {
  readonly id: string
  readonly actor: Actor
  readonly signal: AbortSignal
  done: Totals
  chunks: number
  readonly skipped: Record<string, number>
}

export interface SkeletonParts {
  readonly gate: Gate
  readonly clock: Clock
  readonly failpoints: FailpointRegistry
  /** Doomed and due files whose bytes are still there. */
  readonly backlog: () => number
}

/** Why a run ended early. Thrown inside the skeleton, turned into the run's outcome. */
export class Abort {
  readonly reason: AbortReason
  readonly message: string
  readonly code: string | undefined
  constructor(reason: AbortReason, message: string, code?: string) {
    this.reason = reason
    this.message = message
    this.code = code
  }
}

/** One deterministic pass, held in memory. */
export async function makePlan<S, R extends object>(
  job: JobDefinition<S, R>,
  request: R,
  services: S,
  signal: AbortSignal,
): Promise<{ items: PlanItem[]; kept: Record<string, number>; digest: string }> {
  const items: PlanItem[] = []
  const kept: Record<string, number> = {}
  const hash = createHash('sha256')
  const keep = (why: string, files = 1) => addCounts(kept, { [why]: files })
  for await (const page of job.plan(request, { services, signal, keep })) {
    signal.throwIfAborted()
    for (const item of page) {
      items.push(item)
      hash.update(`${item.path}\0${item.key}\0${item.generation}\0${item.reason}\n`)
    }
  }
  return { items, kept, digest: hash.digest('hex') }
}

/** Executes a plan in chunks. Fills `run` as it goes; throws an {@link Abort} when it must end early. */
export async function actOnPlan<S, R extends object>(
  job: JobDefinition<S, R>,
  items: readonly PlanItem[],
  services: S,
  run: ActingRun,
  parts: SkeletonParts,
  onChunk: () => void,
): Promise<void> {
  for (let start = 0; start < items.length; start += MAX_BATCH_OPS) {
    await waitForEraser(run, parts)
    if (run.signal.aborted) throw cancelled(run.signal)
    const verdict = await parts.gate.check(
      { action: job.action, actor: run.actor, job: job.name, run: run.id, chunk: run.chunks },
      { signal: run.signal },
    )
    if (!verdict.allowed) {
      const reason = verdict.reason === 'not_authorised' ? 'authority_lost' : verdict.reason
      throw new Abort(reason, `${verdict.by}: ${verdict.message}`, 'HF_GATE_DENIED')
    }
    if (parts.failpoints.armed) await parts.failpoints.hit('job.chunk.before')
    const chunk = items.slice(start, start + MAX_BATCH_OPS)
    const fence = { role: verdict.role, epoch: verdict.epoch }
    const outcome = await job
      .act(chunk, { services, signal: run.signal, fence, run: run.id })
      .catch((error: unknown) => {
        throw whyActFailed(error, run.signal)
      })
    count(run, outcome)
    onChunk()
    if (parts.failpoints.armed) await parts.failpoints.hit('job.chunk.after')
  }
}

function count(run: ActingRun, outcome: ChunkOutcome): void {
  run.done = add(run.done ?? NOTHING, outcome.done)
  addCounts(run.skipped, outcome.skipped)
  run.chunks++
}

/** Files above which a run waits for the eraser, and how long it does so before each chunk. */
const DEEP = 20 * MAX_BATCH_OPS
const PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000

/** Condemning faster than erasing only fills the queue. A stuck eraser slows a run down but does not stop it. */
async function waitForEraser(run: ActingRun, { backlog, clock }: SkeletonParts): Promise<void> {
  for (
    let waited = 0;
    waited < LONGEST_PAUSE_MS && backlog() > DEEP && !run.signal.aborted;
    waited += PAUSE_MS
  )
    await sleep(clock, PAUSE_MS, run.signal).catch(() => undefined)
}

export function cancelled(signal: AbortSignal): Abort {
  return new Abort('cancelled', messageOf(signal.reason))
}

function whyActFailed(error: unknown, signal: AbortSignal): Abort {
  if (hasCode(error, 'HF_FENCED')) return new Abort('authority_lost', error.message, error.code)
  if (isHoldfastError(error) && error.kind === 'aborted' && signal.aborted) return cancelled(signal)
  return new Abort(
    'authority_write_failed',
    messageOf(error),
    isHoldfastError(error) ? error.code : undefined,
  )
}
