/** What went wrong, as an axis that callers and the retry layer branch on. Stable between majors. */
export type ErrorKind =
  | 'not_found'
  | 'exists'
  | 'conflict'
  | 'permission'
  | 'throttled'
  | 'unavailable'
  | 'no_space'
  | 'invalid'
  | 'unsupported'
  | 'corrupt'
  | 'aborted'
  | 'denied'
  | 'internal'

/**
 * Every code that a Holdfast package raises, with the kind it has unless the raiser says otherwise.
 * Codes are stable between majors; messages are not. `docs/errors.md` has one entry per code.
 */
export const ERROR_CODES = {
  HF_ALREADY_RUNNING: 'conflict',
  HF_ASSEMBLY_INVALID: 'invalid',
  HF_BACKEND: 'internal',
  HF_BATCH_INVALID: 'invalid',
  HF_BYTES_CORRUPT: 'corrupt',
  HF_BYTES_MISSING: 'not_found',
  HF_COMMIT_FAILED: 'unavailable',
  HF_COMMIT_UNKNOWN: 'unavailable',
  HF_CONFIG_INVALID: 'invalid',
  HF_DATADIR_IN_USE: 'conflict',
  HF_DATADIR_TAKEN: 'conflict',
  HF_DOOMED: 'conflict',
  HF_FAILPOINT: 'internal',
  HF_FENCED: 'denied',
  HF_FILE_DELETED: 'not_found',
  HF_FILE_NOT_FOUND: 'not_found',
  HF_FORMAT_NEWER: 'unsupported',
  HF_GATE_DENIED: 'denied',
  HF_HELD: 'denied',
  HF_HOOKS_SEALED: 'invalid',
  HF_INPUT_CHANGED: 'conflict',
  HF_JOB_UNKNOWN: 'not_found',
  HF_JOURNAL_CORRUPT: 'corrupt',
  HF_KEY_INVALID: 'invalid',
  HF_KEY_RETIRED: 'conflict',
  HF_LOG_CONFLICT: 'conflict',
  HF_LOG_DIVERGED: 'corrupt',
  HF_LOG_GAP: 'not_found',
  HF_LOG_RECORD_TOO_LARGE: 'invalid',
  HF_LOG_UNAVAILABLE: 'unavailable',
  HF_LOG_VERSION: 'unsupported',
  HF_MANIFEST_CORRUPT: 'corrupt',
  HF_NO_SPACE: 'no_space',
  HF_NOT_STARTED: 'unavailable',
  HF_OPTION_INVALID: 'invalid',
  HF_PATH_CONFLICT: 'conflict',
  HF_PATH_EXISTS: 'exists',
  HF_PATH_INVALID: 'invalid',
  HF_PLUGIN_DEPENDENCY_MISSING: 'not_found',
  HF_PLUGIN_FAILED: 'internal',
  HF_PLUGIN_HIDDEN: 'invalid',
  HF_PLUGIN_HUNG: 'internal',
  HF_PLUGIN_INVALID: 'invalid',
  HF_PLUGIN_NOT_INSTALLED: 'not_found',
  HF_PLUGINS_NOT_LOADED: 'invalid',
  HF_PLAN_EXPIRED: 'conflict',
  HF_PLAN_FOREIGN: 'conflict',
  HF_PLAN_UNKNOWN: 'not_found',
  HF_POLICY_CONFLICT: 'conflict',
  HF_POLICY_DECLARED: 'conflict',
  HF_POLICY_INVALID: 'invalid',
  HF_REQUEST_INVALID: 'invalid',
  HF_RUN_TIMED_OUT: 'aborted',
  HF_SERVICE_MISSING: 'not_found',
  HF_STOPPED: 'aborted',
  HF_STOP_FAILED: 'internal',
  HF_STORE_MISMATCH: 'conflict',
  HF_TAP_FAILED: 'internal',
  HF_UNSUPPORTED: 'unsupported',
} as const satisfies Record<`HF_${string}`, ErrorKind>

export type ErrorCode = keyof typeof ERROR_CODES

export interface ErrorDetails {
  /** Overrides the kind of the code; backends report all their failures as HF_BACKEND with a kind. */
  readonly kind?: ErrorKind
  /** Whether the same call may succeed later, unchanged. Default: kinds throttled and unavailable. */
  readonly retryable?: boolean
  /** The call that failed, as a reader would name it: `files.write`. */
  readonly operation?: string
  /** Small facts for programs: paths, positions, limits. Never a secret. */
  readonly context?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

const BRAND = Symbol.for('holdfast.error')

/** The one error class. Branch on `code` or `kind`, never on the message. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError'
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly retryable: boolean
  readonly operation: string | undefined
  readonly context: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(`${code}: ${message}`, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.kind = details.kind ?? ERROR_CODES[code]
    this.retryable = details.retryable ?? (this.kind === 'throttled' || this.kind === 'unavailable')
    this.operation = details.operation
    this.context = details.context ?? {}
    Object.defineProperty(this, BRAND, { value: true })
  }
}

/** Recognises the error by its brand, so that two copies of core in one tree agree. */
export function isHoldfastError(error: unknown): error is HoldfastError {
  try {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true
  } catch {
    return false
  }
}

/** True for this code, wherever the error was made. */
export function hasCode(error: unknown, code: ErrorCode): error is HoldfastError {
  return isHoldfastError(error) && error.code === code
}

/**
 * The text of anything that was thrown, for messages and run records. Never fails: plugins throw what cannot be made a
 * text as well, and whoever reports that must not fail over it.
 */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'it threw something that cannot be read'
  }
}
