import type { GateAction } from '../gate/request.ts'
import type { Fence } from '../manifest/ops.ts'
import type { Limits } from './limits.ts'
import type { PlanItem, Totals } from './plan.ts'
import type { RunControls } from './run.ts'

/** Requests of jobs by name. A package adds its own, so that `node.jobs.run('retention', ...)` is checked. */
// biome-ignore lint/suspicious/noEmptyInterface: packages augment it
export interface JobRequests {}

/** The request of a job; any object for a job that has not declared one. */
export type RequestOf<J extends string> = J extends keyof JobRequests ? JobRequests[J] : object

/** What every job says about itself. The kernel gives all of them the same life. */
interface JobLife<Request extends object> {
  /** Unique in the node, kebab-case; the plugin's id, or `<id>-<what>`. */
  readonly name: string
  readonly doc: string
  /** What the gate is asked for before every run and every chunk. */
  readonly action: GateAction
  /** Cron text of five or six fields. Absent or `off`: the job runs only when it is asked to. */
  readonly schedule?: string | undefined
  /** Default UTC. */
  readonly timeZone?: string | undefined
  /** The schedule is delayed by up to this many ms, by a fixed time of each node. Default 0. */
  readonly jitter?: number | undefined
  /** Longest time of a run, ms; then it ends between chunks (timed_out). Absent or `off`: no limit. */
  readonly timeout?: number | 'off' | undefined
  /** What a tick of the schedule asks for. Default `{ act: true }`. */
  readonly onTick?: Request & RunControls
  /** Problems with a request, or nothing. Asked before anything is read. */
  check?(request: Request): readonly string[]
}

export interface PlanContext<S> {
  readonly services: S
  readonly signal: AbortSignal
  /** Counts files that stay, by why. */
  keep(why: string, files?: number): void
  /** Says how many live files a namespace has: the limits `share` and `emptiness` refuse a namespace that is unknown. */
  population(namespace: string, files: number): void
}

/** What a look at an older plan works with. */
export type StandingContext<S> = Pick<PlanContext<S>, 'services' | 'population'>

export interface ActContext<S> {
  readonly services: S
  readonly signal: AbortSignal
  /** Goes into the batch: apply drops it when the role has passed on. */
  readonly fence: Fence
  readonly run: string
  /** What the plan was asked, as JSON keeps it: a Date is its text. */
  readonly request: object
}

/** What became of a chunk. Only successes are in `done`. */
export interface ChunkOutcome {
  readonly done: Totals
  readonly skipped: Readonly<Record<string, number>>
}

/**
 * A job that decides first and acts afterwards. The kernel owns everything between: gate, limits, chunks,
 * cancellation, counts, the run's record.
 */
export interface PlannedJob<S, Request extends object = object> extends JobLife<Request> {
  readonly limits?: Limits
  /** How long a plan can be executed, ms. Default 24 hours. */
  readonly planExpiry?: number
  /** One deterministic pass, in a stable order. Changes nothing. */
  plan(request: Request, context: PlanContext<S>): AsyncIterable<readonly PlanItem[]>
  /**
   * Those of an older plan's items that still are what was planned; says the populations of their namespaces as they are
   * now. Asked before a run of that plan changes anything, so that limits are judged by what there is then, not only by
   * what there was when it was made.
   */
  standing?(items: readonly PlanItem[], context: StandingContext<S>): readonly PlanItem[]
  /**
   * Does one chunk: one batch through the log. An error ends the run; after HF_NO_SPACE and HF_BATCH_INVALID each half is
   * tried first, and a file whose op is malformed by itself is skipped, named and counted. Before it acts it must make sure that each
   * item still is what was planned, or hand the generation to apply, which does.
   */
  act(chunk: readonly PlanItem[], context: ActContext<S>): Promise<ChunkOutcome>
  readonly run?: never
}

export interface PlainContext<S> {
  readonly services: S
  readonly signal: AbortSignal
  /** The id of the run. */
  readonly run: string
  /**
   * Asks the gate for the next chunk, naming the namespace that it keeps to, if it keeps to one. Throws, and so ends the
   * run, when the gate says no or the run was cancelled.
   */
  gate(chunk?: { readonly namespace?: string }): Promise<Fence>
  /** Counts what a chunk did. Kept when the run aborts. */
  chunk(outcome: Partial<Totals> & { readonly skipped?: Readonly<Record<string, number>> }): Promise<void>
  /** How many files there will be, once it is known. */
  total(files: number): void
}

/** A job without a plan, such as house-keeping. It asks the gate itself, before every chunk; it has no dry run. */
export interface PlainJob<S, Request extends object = object> extends JobLife<Request> {
  run(request: Request, context: PlainContext<S>): Promise<void>
  readonly plan?: never
  readonly act?: never
}

/** A job: with `plan` and `act`, or with `run`. */
export type JobDefinition<S, Request extends object = object> = PlannedJob<S, Request> | PlainJob<S, Request>
