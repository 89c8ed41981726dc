import type { AbortReason, Actor, GateAction } from '../gate/request.ts'
import type { Fence } from '../manifest/ops.ts'
import type { FilePath, StorageKey } from '../paths.ts'

/** Requests of jobs by name. A package adds its own, so that `node.jobs.run('retention', ...)` is checked. */
// biome-ignore lint/suspicious/noEmptyInterface: packages augment it
export interface JobRequests {}

/** The request of a job; any object for a job that has not declared one. */
export type RequestOf<J extends string> = J extends keyof JobRequests ? JobRequests[J] : object

/** One file that a plan would act on, as it was when the plan was made. */
export interface PlanItem {
  readonly path: FilePath
  readonly key: StorageKey
  /** The change number that the decision was made on; a file that has changed since is skipped. */
  readonly generation: number
  readonly namespace: string
  readonly size: number
  readonly rows?: number
  readonly reason: string
}

export interface Totals {
  readonly files: number
  readonly bytes: number
  readonly rows: number
}

/** What a job would do: nothing has been changed. */
export interface Plan {
  readonly id: string
  readonly job: string
  readonly node: string
  readonly createdAt: number
  readonly request: object
  readonly totals: Totals
  /** Files that the plan looked at and leaves, by why. */
  readonly kept: Readonly<Record<string, number>>
  /** SHA-256 over the items in their order: equal plans have equal digests. */
  readonly digest: string
  readonly items: readonly PlanItem[]
}

export interface PlanContext<S> {
  readonly services: S
  readonly signal: AbortSignal
  /** Counts files that stay, by why. */
  keep(why: string, files?: number): void
}

export interface ActContext<S> {
  readonly services: S
  readonly signal: AbortSignal
  /** Goes into the batch: apply drops it when the role has passed on. */
  readonly fence: Fence
  readonly run: string
}

/** What became of a chunk. Only successes are in `done`. */
export interface ChunkOutcome {
  readonly done: Totals
  readonly skipped: Readonly<Record<string, number>>
}

/**
 * A job that decides first and acts afterwards. The kernel owns everything between: gate, chunks, cancellation,
 * counts, the run's record.
 */
export interface JobDefinition<S, Request extends object = object> {
  /** Unique in the node; the plugin's id, or `<id>-<what>`. */
  readonly name: string
  readonly doc: string
  /** What the gate is asked for before every chunk. */
  readonly action: GateAction
  /** Problems with a request, or nothing. Asked before anything is read. */
  check?(request: Request): readonly string[]
  /** One deterministic pass, in a stable order. Changes nothing. */
  plan(request: Request, context: PlanContext<S>): AsyncIterable<readonly PlanItem[]>
  /**
   * Does one chunk: one batch through the log. An error ends the run. Before it acts it must make sure that each
   * item still is what was planned, or hand the generation to apply, which does.
   */
  act(chunk: readonly PlanItem[], context: ActContext<S>): Promise<ChunkOutcome>
}

/** The record of a run; kept when the run ends, however it ends. */
export interface JobRun {
  readonly id: string
  readonly job: string
  readonly node: string
  readonly actor: Actor
  readonly dryRun: boolean
  readonly role: string
  readonly epoch: number
  readonly startedAt: number
  readonly endedAt: number
  readonly planned: Totals
  readonly kept: Readonly<Record<string, number>>
  readonly done: Totals
  readonly skipped: Readonly<Record<string, number>>
  readonly chunks: number
  readonly outcome:
    | { readonly status: 'completed' }
    | {
        readonly status: 'aborted'
        readonly reason: AbortReason
        readonly message: string
        readonly code?: string
      }
}

/** A run in flight. */
export interface RunProgress {
  readonly id: string
  readonly job: string
  readonly phase: 'planning' | 'acting'
  /** Files done so far, of this many; undefined until the plan is made. */
  readonly done: number
  readonly total: number | undefined
}

export interface RunOptions {
  readonly signal?: AbortSignal
  readonly actor?: Actor
  readonly onProgress?: (progress: RunProgress) => void
}

/** The jobs of a node. */
export interface Jobs {
  names(): readonly string[]
  /** What the job would do. Allowed on any node at any time. @throws HF_JOB_UNKNOWN, HF_REQUEST_INVALID */
  plan<J extends string>(job: J, request?: RequestOf<J>, options?: RunOptions): Promise<Plan>
  /**
   * Plans and, with `act: true`, does it; without it the run is a dry one. Resolves with the record of the run, also
   * when it was aborted on the way: look at `outcome`.
   * @throws HF_ALREADY_RUNNING, HF_GATE_DENIED (nothing was begun), HF_JOB_UNKNOWN, HF_REQUEST_INVALID
   */
  run<J extends string>(
    job: J,
    request: RequestOf<J> & { readonly act?: boolean },
    options?: RunOptions,
  ): Promise<JobRun>
  /** Ends a run between two chunks. False when no such run is in flight. */
  cancel(run: string): boolean
  running(): readonly RunProgress[]
  /** The newest runs of a job, newest first. */
  history(job: string): readonly JobRun[]
}
