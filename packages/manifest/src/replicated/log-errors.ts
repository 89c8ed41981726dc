import { HoldfastError, hasCode, type Position } from '@holdfast/core'

/** A record that only a later version of this package can apply. */
export function logVersion(position: Position, cause: unknown): HoldfastError {
  return new HoldfastError(
    'HF_LOG_VERSION',
    `record ${position.index} was made by a later version: this node applies nothing from there on; update it`,
    { operation: 'manifest.apply', context: { position }, cause },
  )
}

/** The batch may be in the log, or may still get there. */
export function commitUnknown(id: string, cause: unknown): HoldfastError {
  return new HoldfastError('HF_COMMIT_UNKNOWN', `whether batch ${id} was committed is not known yet`, {
    operation: 'manifest.commit',
    context: { id },
    cause,
  })
}

/** The batch is not in the log, and will not get there. */
export function notCommitted(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('HF_COMMIT_FAILED', `nothing was committed: ${why}`, {
    operation: 'manifest.commit',
    cause,
  })
}

/** A call of the log that is not waited for any longer. */
export function logTooSlow(limit: number): HoldfastError {
  return new HoldfastError('HF_LOG_UNAVAILABLE', `the log took longer than ${limit} ms`, { operation: 'log' })
}

/** What somebody has to do about an error that ended the applying of records. */
export function cureOf(error: HoldfastError): string {
  if (hasCode(error, 'HF_LOG_DIVERGED'))
    return "put log and data folder back from the same moment, or install another node's state"
  if (hasCode(error, 'HF_LOG_GAP')) return "install another node's state"
  if (hasCode(error, 'HF_LOG_VERSION')) return 'start a later version'
  return "restart the node; if that does not help, install another node's state"
}
