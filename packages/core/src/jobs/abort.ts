import { HoldfastError, hasCode, isHoldfastError, messageOf } from '../errors.ts'
import type { AbortReason, Verdict } from '../gate/request.ts'
import type { InFlight } from './registered.ts'

/** Why a run ended early. Thrown inside a run, turned into its outcome. */
export class Abort extends Error {
  readonly reason: AbortReason
  readonly code: string | undefined
  constructor(reason: AbortReason, message: string, code?: string) {
    super(message)
    this.reason = reason
    this.code = code
  }
}

/** A job may throw what cannot even be asked for its class. */
function isAbort(error: unknown): error is Abort {
  try {
    return error instanceof Abort
  } catch {
    return false
  }
}

/** The reason that a run's signal is aborted with when its time is over. */
export function timedOut(timeout: number): HoldfastError {
  return new HoldfastError('HF_RUN_TIMED_OUT', `the run took longer than its limit of ${timeout} ms`, {
    context: { timeout },
  })
}

/** The run's signal was aborted: by somebody, or by its time limit. */
export function cancelled({ reason }: AbortSignal): Abort {
  return hasCode(reason, 'HF_RUN_TIMED_OUT')
    ? new Abort('timed_out', textOf(reason), reason.code)
    : new Abort('cancelled', textOf(reason), isHoldfastError(reason) ? reason.code : undefined)
}

/** Without the code in front of it, which the outcome has beside it. */
function textOf(reason: unknown): string {
  const text = messageOf(reason)
  return isHoldfastError(reason) ? text.replace(`${reason.code}: `, '') : text
}

/** A run or a plan did not end in time after its signal was aborted, and nobody waits for it any more. */
export function hung({ plugin, job, run, limit }: HungJob): HoldfastError {
  return new HoldfastError(
    'HF_PLUGIN_HUNG',
    `job ${job} of plugin ${plugin} did not end within ${limit} ms of being told to, and was left behind`,
    { context: { plugin, job, limit, ...(run !== undefined && { run }) } },
  )
}

export interface HungJob {
  readonly plugin: string
  readonly job: string
  /** Absent for a plan. */
  readonly run?: string
  /** Milliseconds. */
  readonly limit: number
}

/** The gate said no to a chunk of a run that it had let begin. */
export function denied(verdict: Extract<Verdict, { allowed: false }>): Abort {
  const reason = verdict.reason === 'not_authorised' ? 'authority_lost' : verdict.reason
  return new Abort(reason, `${verdict.by}: ${verdict.message}`, 'HF_GATE_DENIED')
}

/** Planning, or a plain job, failed. */
export function whyFailed(error: unknown, signal: AbortSignal): Abort {
  if (isAbort(error)) return error
  if (signal.aborted) return cancelled(signal)
  if (hasCode(error, 'HF_FENCED')) return new Abort('authority_lost', error.message, error.code)
  const code = isHoldfastError(error) ? error.code : undefined
  const corrupt = code === 'HF_JOURNAL_CORRUPT' || code === 'HF_MANIFEST_CORRUPT'
  return new Abort(corrupt ? 'corrupt' : 'unknown', messageOf(error), code)
}

/** Node's own functions, and those of others, reject with the reason, or with an error of this name. */
function saysAborted(error: unknown, reason: unknown): boolean {
  if (error === reason || (isHoldfastError(error) && error.kind === 'aborted')) return true
  try {
    return (error as Partial<Error> | undefined)?.name === 'AbortError'
  } catch {
    return false
  }
}

/** Acting on a chunk failed: its commit, as far as anybody can tell. */
export function whyActFailed(error: unknown, signal: AbortSignal): Abort {
  if (hasCode(error, 'HF_FENCED')) return new Abort('authority_lost', error.message, error.code)
  if (signal.aborted && saysAborted(error, signal.reason)) return cancelled(signal)
  return new Abort(
    'authority_write_failed',
    messageOf(error),
    isHoldfastError(error) ? error.code : undefined,
  )
}

/** The error for a run that another one of its job is in the way of. */
export function alreadyRunning(job: string, { id, left }: InFlight): HoldfastError {
  const how = left ? `was left behind as ${id}, and that run has not ended` : `is running as ${id}`
  return new HoldfastError('HF_ALREADY_RUNNING', `job ${job} ${how}`, {
    operation: `jobs.run ${job}`,
    context: { job, run: id },
  })
}
