import type { ByteSource } from '@holdfast/core'
import { aborted, problem, type Subject, throwIfAborted } from './errors.ts'

/** Carries what a caller's own source threw past the mapping of system errors; it never leaves the package. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure'
}

/** The pieces of a source, one at a time; stops waiting for the next one when the signal fires. */
export async function* piecesOf(
  source: ByteSource,
  signal: AbortSignal | undefined,
  subject: Subject,
): AsyncGenerator<Uint8Array, void, undefined> {
  throwIfAborted(signal, subject)
  if (source instanceof Uint8Array) {
    yield source
    return
  }
  const iterator = source[Symbol.asyncIterator]()
  let ended = false
  try {
    for (;;) {
      const next = await unlessAborted(() => iterator.next(), signal, subject)
      if (next.done) {
        ended = true
        return
      }
      if (!(next.value instanceof Uint8Array))
        throw problem('invalid', 'the source gave something else than bytes', subject)
      yield next.value
    }
  } catch (error) {
    if (error instanceof SourceFailure) ended = true
    throw error
  } finally {
    // Not awaited: a source that hangs in next() never answers return() either.
    if (!ended) void (async () => iterator.return?.())().catch(() => undefined)
  }
}

async function unlessAborted<T>(
  call: () => Promise<T>,
  signal: AbortSignal | undefined,
  subject: Subject,
): Promise<T> {
  throwIfAborted(signal, subject)
  const cancel = Promise.withResolvers<never>()
  const onAbort = () => signal && cancel.reject(aborted(signal, subject))
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([cancel.promise, failing(call)])
  } catch (error) {
    // A source that listens to the same signal may be the first to notice it.
    throwIfAborted(signal, subject)
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

async function failing<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    throw new SourceFailure('the source failed', { cause })
  }
}
