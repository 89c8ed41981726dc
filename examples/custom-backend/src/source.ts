import type { ByteSource } from '@holdfast/core'
import { problem, throwIfAborted } from './errors.ts'

/** The bytes of a source, cut into chunks of this size; the last one may be shorter. An empty source has none. */
export async function* chunksOf(
  source: ByteSource,
  chunkBytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let parts: Uint8Array[] = []
  let length = 0
  for await (const piece of piecesOf(source, signal)) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + chunkBytes - length)
      // A copy: a source may fill the same buffer again for its next piece.
      parts.push(Uint8Array.from(part))
      at += part.length
      length += part.length
      if (length < chunkBytes) continue
      yield Buffer.concat(parts)
      parts = []
      length = 0
    }
  }
  if (length > 0) yield Buffer.concat(parts)
}

async function* piecesOf(
  source: ByteSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  throwIfAborted(signal)
  if (source instanceof Uint8Array) return yield source
  const iterator = source[Symbol.asyncIterator]()
  let ended = false
  try {
    for (;;) {
      const next = await unlessAborted(() => iterator.next(), signal)
      ended = next.done === true
      if (next.done) return
      if (!(next.value instanceof Uint8Array))
        throw problem('invalid', 'the source gave something else than bytes')
      yield next.value
    }
  } finally {
    // Not awaited: a source that hangs in next() never answers return() either.
    if (!ended) void (async () => iterator.return?.())().catch(() => undefined)
  }
}

/** Stops waiting when the signal fires. */
async function unlessAborted<T>(call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  throwIfAborted(signal)
  const cancelled = Promise.withResolvers<void>()
  const onAbort = () => cancelled.resolve()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const called = call()
    await Promise.race([called, cancelled.promise])
    throwIfAborted(signal)
    return await called
  } catch (error) {
    // A source that listens to the same signal may be the first to notice it.
    throwIfAborted(signal)
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
