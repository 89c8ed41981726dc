import { HoldfastError, isHoldfastError, messageOf } from '../../errors.ts'
import type { Backend, ByteSource } from '../backend.ts'
import { type BackendCall, overlay } from './calls.ts'

/**
 * Gives every failure a code and a kind, whatever the store's own client threw: a strange error is HF_BACKEND, kind
 * `internal`, or `aborted` when the caller's signal had been. What the caller's own source threw goes back as it is.
 */
export function codedErrors(backend: Backend): Backend {
  return overlay(backend, {
    async write(key, source, options) {
      const watched = new WatchedSource(source)
      try {
        const written = await backend.write(key, watched.source, options)
        if (typeof written?.size !== 'number' || typeof written.checksum !== 'string')
          throw new TypeError('it gave no size and checksum of what it wrote')
        return written
      } catch (error) {
        if (watched.threw(error)) throw error
        throw coded(error, { call: 'write', key }, options?.signal)
      }
    },
    async read(key, options) {
      const about = { call: 'read', key } as const
      try {
        return codedPieces(await backend.read(key, options), (error) => coded(error, about, options?.signal))
      } catch (error) {
        throw coded(error, about, options?.signal)
      }
    },
    async stat(key, options) {
      try {
        const found = await backend.stat(key, options)
        if (found !== undefined && typeof found?.size !== 'number')
          throw new TypeError('it gave something that has no size')
        return found
      } catch (error) {
        throw coded(error, { call: 'stat', key }, options?.signal)
      }
    },
    list: (options) =>
      codedPieces(
        // A `list` that throws before it gives an iterable is one that fails at its first page.
        (async function* () {
          for await (const page of backend.list(options)) {
            if (!Array.isArray(page?.keys)) throw new TypeError('it gave a page without keys')
            yield page
          }
        })(),
        (error) => coded(error, { call: 'list' }, options?.signal),
      ),
    async delete(targets, options) {
      try {
        const outcomes = await backend.delete(targets, options)
        if (!Array.isArray(outcomes)) throw new TypeError('it gave no outcomes')
        return outcomes.map((outcome) =>
          outcome.status === 'failed' && !isHoldfastError(outcome.error)
            ? { ...outcome, error: coded(outcome.error, { call: 'delete', key: outcome.key }, undefined) }
            : outcome,
        )
      } catch (error) {
        throw coded(error, { call: 'delete' }, options?.signal)
      }
    },
  })
}

async function* codedPieces<T>(
  pieces: AsyncIterable<T>,
  toCoded: (error: unknown) => HoldfastError,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* pieces
  } catch (error) {
    throw toCoded(error)
  }
}

function coded(
  error: unknown,
  { call, key }: { readonly call: BackendCall; readonly key?: string },
  signal: AbortSignal | undefined,
): HoldfastError {
  if (isHoldfastError(error)) return error
  const what = key === undefined ? call : `${call} of ${key}`
  const details = {
    operation: `backend.${call}`,
    context: key === undefined ? {} : { key },
    cause: error,
  }
  if (signal?.aborted)
    return new HoldfastError('HF_BACKEND', `${what} was cancelled`, { ...details, kind: 'aborted' })
  return new HoldfastError('HF_BACKEND', `${what} failed: ${messageOf(error)}`, {
    ...details,
    kind: 'internal',
  })
}

/** Remembers what a caller's source threw, to tell it from the store's own failures. */
class WatchedSource {
  readonly source: ByteSource
  #failure: { readonly error: unknown } | undefined

  constructor(source: ByteSource) {
    this.source = source instanceof Uint8Array ? source : this.#watch(source)
  }

  threw(error: unknown): boolean {
    return this.#failure !== undefined && this.#failure.error === error
  }

  async *#watch(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* pieces
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }
}
