import { type BackendErrorKind, HoldfastError, isHoldfastError, messageOf } from '@holdfast/core'

/** What SQLite's result codes (https://sqlite.org/rescode.html) mean for whoever called. */
const KIND_OF_RESULT: Readonly<Record<number, BackendErrorKind>> = {
  3: 'permission',
  5: 'conflict', // another process has the file: it takes one at a time
  6: 'unavailable', // locked
  7: 'unavailable', // out of memory
  8: 'permission', // read-only
  10: 'unavailable', // the disk fails
  11: 'corrupt',
  13: 'no_space',
  14: 'unavailable', // cannot be opened
  18: 'invalid', // too big
  23: 'permission',
  26: 'corrupt', // no database
}

export function problem(kind: BackendErrorKind, message: string, cause?: unknown): HoldfastError {
  return new HoldfastError('HF_BACKEND', message, { kind, cause })
}

/** Runs a step of SQLite. Whatever that throws becomes HF_BACKEND with a kind, and says what it is about. */
export function coded<T>(step: () => T, about = 'SQLite'): T {
  try {
    return step()
  } catch (error) {
    if (isHoldfastError(error)) throw error
    const kind = KIND_OF_RESULT[resultOf(error) ?? 0] ?? 'internal'
    throw problem(kind, `${about}: ${messageOf(error)}`, error)
  }
}

/** SQLite's primary result code; the extended ones carry more above the lowest byte. */
function resultOf(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code & 0xff : undefined
}

/** @throws HF_BACKEND, kind aborted */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw problem('aborted', 'the call was cancelled', signal.reason)
}
