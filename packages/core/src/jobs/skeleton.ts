import { type Clock, sleep } from '../clock.ts'
import { hasCode } from '../errors.ts'
import type { FailpointRegistry } from '../failpoints.ts'
import type { Gate } from '../gate/gate.ts'
import { type Actor, type GateAction, soleNamespace } from '../gate/request.ts'
import { type Fence, MAX_BATCH_OPS } from '../manifest/ops.ts'
import { cancelled, denied, whyActFailed } from './abort.ts'
import type { ChunkOutcome, PlannedJob } from './definition.ts'
import type { PlanItem } from './plan.ts'

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
  readonly clock: Clock
  readonly failpoints: FailpointRegistry
  /** Doomed and due files whose bytes are still there. */
  readonly backlog: () => number
}

/** The question before every chunk. @throws Abort when the answer is no, or the run was cancelled */
export async function passGate(
  job: { readonly name: string; readonly action: GateAction },
  { id, actor, signal, chunks, gate }: Omit<ActingParts, 'finished' | 'backlog' | 'failpoints' | 'clock'>,
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
  return { role: verdict.role, epoch: verdict.epoch }
}

/**
 * Executes a plan in chunks: gate, chunk, gate, chunk, ... until it ends or `cap` actions are done. What is skipped is
 * no action. Resolves with whether the cap was reached. @throws Abort when it must end early
 */
export async function actOnPlan<S, R extends object>(
  job: PlannedJob<S, R>,
  items: AsyncIterable<readonly PlanItem[]>,
  services: S,
  cap: number,
  parts: ActingParts,
): Promise<boolean> {
  let done = 0
  const room = () => Math.min(MAX_BATCH_OPS, cap - done)
  const act = async (chunk: readonly PlanItem[]): Promise<void> => {
    await waitForEraser(parts)
    const fence = await passGate(job, parts, soleNamespace(chunk.map((item) => item.namespace)))
    if (parts.failpoints.armed) await parts.failpoints.hit('job.chunk.before')
    const outcome = await job
      .act(chunk, { services, signal: parts.signal, fence, run: parts.id })
      .catch((error: unknown) => {
        if (hasCode(error, 'HF_NO_SPACE') && chunk.length > 1) return undefined
        throw whyActFailed(error, parts.signal)
      })
    if (!outcome) {
      // A full disk takes a small batch when it cannot take a large one, and what destroys makes room.
      await act(chunk.slice(0, chunk.length >> 1))
      return act(chunk.slice(chunk.length >> 1))
    }
    done += outcome.done.files
    await parts.finished(outcome, chunk)
    if (parts.failpoints.armed) await parts.failpoints.hit('job.chunk.after')
  }
  let waiting: readonly PlanItem[] = []
  for await (const page of items) {
    waiting = [...waiting, ...page]
    while (room() > 0 && waiting.length >= room()) {
      const chunk = waiting.slice(0, room())
      waiting = waiting.slice(chunk.length)
      await act(chunk)
    }
    if (room() <= 0) return true
  }
  while (room() > 0 && waiting.length > 0) {
    const chunk = waiting.slice(0, room())
    waiting = waiting.slice(chunk.length)
    await act(chunk)
  }
  return done >= cap
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
