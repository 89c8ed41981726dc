import { HoldfastError } from '../../errors.ts'
import type { Backend } from '../backend.ts'

/** The five calls of a backend. Everything else of it is data, or its life, which is the node's business. */
export type BackendCalls = Pick<Backend, 'write' | 'read' | 'stat' | 'list' | 'delete'>
export type BackendCall = keyof BackendCalls

/** The same backend with some calls answered otherwise. What a layer does not change goes straight through. */
export function overlay(backend: Backend, changed: Partial<BackendCalls>): Backend {
  return {
    get topology() {
      return backend.topology
    },
    get capabilities() {
      return backend.capabilities
    },
    get limits() {
      return backend.limits
    },
    ...(backend.start && { start: (options) => backend.start?.(options) }),
    ...(backend.stop && { stop: () => backend.stop?.() }),
    ...(backend.checkGate && { checkGate: (request, options) => backend.checkGate?.(request, options) }),
    write: changed.write ?? ((key, source, options) => backend.write(key, source, options)),
    read: changed.read ?? ((key, options) => backend.read(key, options)),
    stat: changed.stat ?? ((key, options) => backend.stat(key, options)),
    list: changed.list ?? ((options) => backend.list(options)),
    delete: changed.delete ?? ((targets, options) => backend.delete(targets, options)),
  }
}

/** A stream whose every step goes through `step`, which may wait, measure or refuse. */
export async function* stepwise<T>(
  pieces: AsyncIterable<T>,
  step: (next: () => Promise<IteratorResult<T>>) => Promise<IteratorResult<T>>,
): AsyncGenerator<T, void, undefined> {
  const iterator = pieces[Symbol.asyncIterator]()
  let ended = true
  try {
    for (;;) {
      const next = await step(() => iterator.next())
      if (next.done) return
      ended = false
      yield next.value
      ended = true
    }
  } finally {
    // Left at a piece: whoever made the stream may hold something open.
    if (!ended) await iterator.return?.()
  }
}

/** What a call rejects with whose caller has cancelled it; `cause` is the reason, unless there is a better one. */
export function aborted(
  call: BackendCall,
  signal: AbortSignal,
  cause: unknown = signal.reason,
): HoldfastError {
  return new HoldfastError('HF_BACKEND', `${call} was cancelled`, {
    kind: 'aborted',
    operation: `backend.${call}`,
    cause,
  })
}
