/**
 * Privileged actions by name. A package adds its own, with a dot in its name; the gate knows all others and denies what
 * it does not know:
 * `declare module '@holdfast/core' { interface GateActions { 'acme.compact': true } }`.
 */
export interface GateActions {
  /** A job that condemns files: the run, and every batch of it. */
  condemn: true
  /** Dooming condemned files and deleting their bytes: every pass of the eraser. */
  erase: true
  /** Removing records of a shared log that nobody needs any more. */
  truncate: true
}
export type GateAction = keyof GateActions

/** Who started it. */
export type Actor = 'user' | 'schedule' | 'node'

export interface GateRequest {
  readonly action: GateAction
  readonly actor: Actor
  readonly job?: string
  /** Absent for the eraser, which has no runs, and for the status, which only asks how things stand. */
  readonly run?: string
  /**
   * Number of the chunk about to be done, from 0. Absent for the question before a run, which is followed by one for
   * each chunk, and for the status.
   */
  readonly chunk?: number
  /**
   * The namespace of every file that this chunk touches. Absent: there are several, or it is not known, and before a run
   * it never is. Whoever guards a namespace must take a chunk without one for a chunk that may touch it.
   */
  readonly namespace?: string
  /**
   * True: whatever the answer, nothing will be changed. A tick of the schedule asks so when its run is a dry one; a dry
   * run that somebody asks for is not asked about at all. Absent and false: it is meant.
   */
  readonly dryRun?: boolean
  /**
   * True: only bytes of files that are doomed already are deleted, on this node's own disk. The log has permitted that to
   * every node, so no role is needed.
   */
  readonly doomed?: boolean
}

/** The namespace that all have; undefined when there are several, when one is not known, and of nothing. */
export function soleNamespace(namespaces: Iterable<string | undefined>): string | undefined {
  let sole: string | undefined
  for (const namespace of namespaces) {
    if (namespace === undefined || (sole !== undefined && namespace !== sole)) return undefined
    sole = namespace
  }
  return sole
}

/** Why a run did not happen or did not end. One vocabulary for all jobs. */
export type AbortReason =
  | 'not_authorised'
  | 'authority_lost'
  | 'authority_write_failed'
  | 'cancelled'
  | 'timed_out'
  | 'over_limit'
  | 'store_mismatch'
  | 'manifest_behind'
  | 'clock_suspect'
  | 'state_diverged'
  | 'corrupt'
  | 'unknown'

/** A no. Anything else that a condition or tap resolves with, except undefined, denies as well: see the guard. */
export interface Denial {
  /** For people: why not, and until when. */
  readonly deny: string
  /** Default `not_authorised`. */
  readonly reason?: AbortReason
  /** Milliseconds after which asking again makes sense. */
  readonly retryAfter?: number
}

/** What of an answer of a condition or a tap is a denial; undefined when it did not say no in the way that is agreed. */
export function readDenial(answer: unknown): Denial | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined
  const { deny, reason, retryAfter } = answer as Partial<Record<keyof Denial, unknown>>
  if (typeof deny !== 'string') return undefined
  return {
    deny,
    ...(typeof reason === 'string' && { reason: reason as AbortReason }),
    ...(typeof retryAfter === 'number' && { retryAfter }),
  }
}

const ACTIONS: readonly unknown[] = ['condemn', 'erase', 'truncate'] satisfies GateAction[]
const ACTORS: readonly unknown[] = ['user', 'schedule', 'node'] satisfies Actor[]
const PACKAGE_ACTION = /^[\w-]+(\.[\w-]+)+$/

/** What is wrong with a question, if it is one that nobody can answer. */
export function questionProblem({ action, actor, dryRun, doomed }: GateRequest): string | undefined {
  const isKnown = ACTIONS.includes(action) || (typeof action === 'string' && PACKAGE_ACTION.test(action))
  if (!isKnown)
    return `its question names no action that is known: ${ACTIONS.join(', ')}, or one of a package, with a dot in its name`
  if (!ACTORS.includes(actor)) return `its question names no actor that is known: ${ACTORS.join(', ')}`
  if (dryRun !== undefined && typeof dryRun !== 'boolean') return 'dryRun is not true or false'
  if (doomed !== undefined && typeof doomed !== 'boolean') return 'doomed is not true or false'
  if (doomed && action !== 'erase') return 'doomed is for erasing alone'
  return undefined
}

/** The gate's answer. It is for now only: ask again before every chunk. */
export type Verdict = VerdictRole &
  (
    | { readonly allowed: true }
    | {
        readonly allowed: false
        /** The condition or plugin that said no. */
        readonly by: string
        readonly message: string
        readonly reason: AbortReason
        /** Milliseconds after which asking again makes sense. */
        readonly retryAfter?: number
      }
  )

/** In every verdict, whoever gave it. */
interface VerdictRole {
  /** What this node is; `standalone` where there are no roles, `unknown` before the start and after the stop where there are. */
  readonly role: string
  /** Number of the tenure of the needed role; the fence of what is committed. 0 where there are no roles. */
  readonly epoch: number
  /** The node that holds the needed role, where it is known. */
  readonly holder?: string
}
