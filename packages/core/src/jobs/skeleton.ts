import { type Clock, sleep } from '../clock.ts'
import { hasCode, messageOf } from '../errors.ts'
import type { FailpointRegistry } from '../failpoints.ts'
import type { Gate } from '../gate/gate.ts'
import { type Actor, type GateAction, soleNamespace } from '../gate/request.ts'
import type { Logger } from '../log.ts'
import { type Fence, MAX_BATCH_OPS } from '../manifest/ops.ts'
import { cancelled, denied, whyActFailed } from './abort.ts'
import type { ChunkOutcome, PlannedJob } from './definition.ts'
import { readOutcome } from './outcome.ts'
import type { PlanItem } from './plan.ts'
import { NOTHING } from './totals.ts'

/** What the life of a run needs of its run and its node. */
export interface ActingParts {
  readonly id: string
  readonly actor: Actor
  readonly signal: AbortSignal
  /** Finished chunks so far. */
  readonly chunks: () => number
  /** Counts a finished chunk. */
  readonly finished: (outcome: ChunkOutcome, chunk: readonly PlanItem[]) => Promise<void>
  readonly gate: Gate
  /** Waits until this node is as new as the log: what the plan found may have changed elsewhere since. */
  readonly fresh: (signal: AbortSignal) => Promise<unknown>
  readonly clock: Clock
  readonly failpoints: FailpointRegistry
  /** Doomed and due files whose bytes are still there. */
  readonly backlog: () => number
  /** What the plan was asked. */
  readonly request: object
  readonly log: Logger
}

/** Why a planned file stays: the manifest does not take the op that it would need. */
const UNFIT = 'its op cannot be encoded'
/** Most files that a run names for this; the others are counted. */
const NAMED = 10

/** The question before every chunk. @throws Abort when the answer is no, or the run was cancelled */
export async function passGate(
  job: { readonly name: string; readonly action: GateAction },
  {
    id,
    actor,
    signal,
    chunks,
    gate,
    fresh,
  }: Omit<ActingParts, 'finished' | 'backlog' | 'failpoints' | 'clock' | 'request' | 'log'>,
  namespace: string | undefined,
): Promise<Fence> {
  if (signal.aborted) throw cancelled(signal)
  const verdict = await gate.check(
    {
      action: job.action,
      actor,
      job: job.name,
      run: id,
      chunk: chunks(),
      ...(namespace !== undefined && { namespace }),
    },
    { signal },
  )
  if (signal.aborted) throw cancelled(signal)
  if (!verdict.allowed) throw denied(verdict)
  await fresh(signal).catch((error: unknown) => {
    throw whyActFailed(error, signal)
  })
  if (signal.aborted) throw cancelled(signal)
  return { role: verdict.role, epoch: verdict.epoch }
}

/**
 * Executes a plan in chunks: gate, chunk, gate, chunk, ... until it ends or `cap` actions are done. What is skipped is
 * no action. Resolves with whether the cap was reached, and whether something is left behind it.
 * @throws Abort when it must end early, HF_PLUGIN_FAILED when the job gives counts that cannot be true
 */
export async function actOnPlan<S, R extends object>(
  job: PlannedJob<S, R>,
  items: AsyncIterable<readonly PlanItem[]>,
  services: S,
  cap: number,
  parts: ActingParts,
): Promise<{ readonly capHit: boolean; readonly left: boolean }> {
  let done = 0
  let unfit = 0
  const room = () => Math.min(MAX_BATCH_OPS, cap - done)
  const act = async (chunk: readonly PlanItem[]): Promise<void> => {
    await waitForEraser(parts)
    const fence = await passGate(job, parts, soleNamespace(chunk.map((item) => item.namespace)))
    if (parts.failpoints.armed) await parts.failpoints.hit('job.chunk.before')
    let answer: unknown
    try {
      const { signal, id: run, request } = parts
      answer = await job.act(chunk, { services, signal, fence, run, request })
    } catch (error) {
      // One op that cannot be encoded rejects the batch of all: the halves are tried until it stands alone.
      const isUnfit = hasCode(error, 'HF_BATCH_INVALID')
      if (!isUnfit && !hasCode(error, 'HF_NO_SPACE')) throw whyActFailed(error, parts.signal)
      if (chunk.length > 1) {
        // A full disk takes a small batch when it cannot take a large one, and what destroys makes room.
        await act(Object.freeze(chunk.slice(0, chunk.length >> 1)))
        return act(Object.freeze(chunk.slice(chunk.length >> 1)))
      }
      if (!isUnfit) throw whyActFailed(error, parts.signal)
      if (++unfit <= NAMED) warnUnfit(job.name, chunk, error, parts)
      answer = { done: NOTHING, skipped: { [UNFIT]: 1 } }
    }
    const outcome = readOutcome(job.name, answer, chunk.length)
    done += outcome.done.files
    await parts.finished(outcome, chunk)
    if (parts.failpoints.armed) await parts.failpoints.hit('job.chunk.after')
  }
  for await (const chunk of chunksOf(items, () => Math.max(1, room()))) {
    if (room() <= 0) return { capHit: true, left: true }
    await act(chunk)
  }
  return { capHit: done >= cap, left: false }
}

function warnUnfit(job: string, chunk: readonly PlanItem[], error: unknown, { id, log }: ActingParts): void {
  const [{ path, reason } = {}] = chunk
  log.warn({ job, run: id, path, reason, cause: messageOf(error) }, `${UNFIT}: the file stays as it is`)
}

/** The items in chunks of the size that is asked for when each is cut; the last one may be smaller. */
async function* chunksOf(
  pages: AsyncIterable<readonly PlanItem[]>,
  size: () => number,
): AsyncGenerator<readonly PlanItem[]> {
  let waiting: readonly PlanItem[] = []
  for await (const page of pages) {
    waiting = waiting.concat(page)
    for (let end = size(); waiting.length >= end; end = size()) {
      const chunk = waiting.slice(0, end)
      waiting = waiting.slice(end)
      yield Object.freeze(chunk)
    }
  }
  if (waiting.length > 0) yield Object.freeze([...waiting])
}

/** Files above which a run waits for the eraser, and how long it does so before each chunk. */
const DEEP = 20 * MAX_BATCH_OPS
const PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000

/** Condemning faster than erasing only fills the queue. A stuck eraser slows a run down but does not stop it. */
async function waitForEraser({
  backlog,
  clock,
  signal,
}: Pick<ActingParts, 'backlog' | 'clock' | 'signal'>): Promise<void> {
  for (let waited = 0; waited < LONGEST_PAUSE_MS && backlog() > DEEP && !signal.aborted; waited += PAUSE_MS)
    await sleep(clock, PAUSE_MS, signal).catch(() => undefined)
}
