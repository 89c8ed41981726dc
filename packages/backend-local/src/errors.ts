import { type BackendErrorKind, HoldfastError, isHoldfastError } from '@holdfast/core'
import { errnoOf } from './errno.ts'

export type Operation = 'start' | 'write' | 'read' | 'stat' | 'list' | 'delete'

/** What a call was about, for the error's context. */
export interface Subject {
  readonly operation: Operation
  readonly key?: string
}

const KIND_OF_ERRNO: Readonly<Record<string, BackendErrorKind>> = {
  ENOENT: 'not_found',
  ENOTDIR: 'not_found',
  EEXIST: 'exists',
  EISDIR: 'conflict',
  ENOTEMPTY: 'conflict',
  EACCES: 'permission',
  EPERM: 'permission',
  EROFS: 'permission',
  ENOSPC: 'no_space',
  EDQUOT: 'no_space',
  EAGAIN: 'unavailable',
  EBUSY: 'unavailable',
  EIO: 'unavailable',
  EMFILE: 'unavailable',
  ENFILE: 'unavailable',
  ENODEV: 'unavailable',
  ENOMEM: 'unavailable',
  ENXIO: 'unavailable',
  ESTALE: 'unavailable',
  ETIMEDOUT: 'unavailable',
  EFBIG: 'invalid',
  EINVAL: 'invalid',
  ELOOP: 'invalid',
  ENAMETOOLONG: 'invalid',
  ENOSYS: 'unsupported',
  ENOTSUP: 'unsupported',
  EOPNOTSUPP: 'unsupported',
  EXDEV: 'unsupported',
}

/** An error of this backend in our own words. */
export function problem(
  kind: BackendErrorKind,
  message: string,
  subject: Subject,
  cause?: unknown,
): HoldfastError {
  const { operation, key } = subject
  return new HoldfastError('HF_BACKEND', message, {
    kind,
    operation: `backend.${operation}`,
    context: key === undefined ? {} : { key },
    ...(cause !== undefined && { cause }),
  })
}

/** Turns whatever a system call threw into HF_BACKEND with a kind; what is coded already passes untouched. */
export function coded(error: unknown, subject: Subject): HoldfastError {
  if (isHoldfastError(error)) return error
  const errno = errnoOf(error)
  const kind = (errno !== undefined && KIND_OF_ERRNO[errno]) || 'internal'
  const what = subject.key === undefined ? subject.operation : `${subject.operation} of ${subject.key}`
  return problem(kind, `${what} failed: ${errno ?? String(error)}`, subject, error)
}

/** @throws HF_BACKEND, kind aborted */
export function throwIfAborted(signal: AbortSignal | undefined, subject: Subject): void {
  if (signal?.aborted) throw aborted(signal, subject)
}

export function aborted(signal: AbortSignal, subject: Subject): HoldfastError {
  return problem('aborted', `${subject.operation} was cancelled`, subject, signal.reason)
}
