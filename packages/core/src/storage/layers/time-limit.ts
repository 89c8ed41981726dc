import type { Clock } from '../../clock.ts'
import { HoldfastError } from '../../errors.ts'
import type { Backend, ByteSource } from '../backend.ts'
import { type BackendCall, overlay } from './calls.ts'

export interface TimeLimits {
  readonly clock: Clock
  /** Longest time in which nothing moves, ms. */
  readonly limit: number
}

/** Bytes that the slowest store takes in a second: a large object has this much more time when all is given. */
const SLOWEST = 64 * 1024

function timeFor(bytes: number): number {
  return (bytes / SLOWEST) * 1000
}

/**
 * Ends calls in which nothing has moved for a time, and tells the backend so by its signal. The time that a caller's
 * source takes for its next piece, or a reader for his last one, is not the store's. A caller whose own signal fires
 * is answered at once, whether or not the backend heeds it: what it still does may land later, and nothing rests on
 * its not landing.
 * @throws HF_BACKEND, kind unavailable, or aborted
 */
export function timeLimited(backend: Backend, limits: TimeLimits): Backend {
  return overlay(backend, {
    async write(key, source, options) {
      using watch = new Watch(limits, 'write', options?.signal)
      const extra = source instanceof Uint8Array ? timeFor(source.length) : 0
      return await watch.wait(
        () => backend.write(key, watch.around(source), { ...options, signal: watch.signal }),
        extra,
      )
    },
    async read(key, options) {
      const watch = new Watch(limits, 'read', options?.signal)
      try {
        const pieces = await watch.wait(() => backend.read(key, { ...options, signal: watch.signal }))
        watch.rest()
        return watch.each(() => pieces)
      } catch (error) {
        watch[Symbol.dispose]()
        throw error
      }
    },
    async stat(key, options) {
      using watch = new Watch(limits, 'stat', options?.signal)
      return await watch.wait(() => backend.stat(key, { signal: watch.signal }))
    },
    list(options) {
      const watch = new Watch(limits, 'list', options?.signal)
      return watch.each(() => backend.list({ ...options, signal: watch.signal }))
    },
    async delete(targets, options) {
      using watch = new Watch(limits, 'delete', options?.signal)
      return await watch.wait(() => backend.delete(targets, { signal: watch.signal }))
    },
  })
}

/** The time limit of one call, and the signal that its backend gets. */
class Watch implements Disposable {
  readonly #limits: TimeLimits
  readonly #call: BackendCall
  readonly #outer: AbortSignal | undefined
  readonly #told = new AbortController()
  #timer: Disposable | undefined
  /** Ends the wait that is on, if one is. */
  #giveUp: ((error: HoldfastError) => void) | undefined
  #over: HoldfastError | undefined
  #disposed = false

  constructor(limits: TimeLimits, call: BackendCall, outer: AbortSignal | undefined) {
    this.#limits = limits
    this.#call = call
    this.#outer = outer
  }

  /** Nothing is under way: until the next step nobody need be told. One that is never read leaves nothing behind. */
  rest(): void {
    this.#outer?.removeEventListener('abort', this.#cancelled)
  }

  #listen(): void {
    if (this.#outer?.aborted) this.#cancelled()
    else this.#outer?.addEventListener('abort', this.#cancelled, { once: true })
  }

  get signal(): AbortSignal {
    return this.#told.signal
  }

  /** Starts a call and gives its answer, if it comes in time; `extra` ms more. A call that is over before it began is not started. */
  async wait<T>(call: () => Promise<T>, extra = 0): Promise<T> {
    this.#listen()
    if (this.#over) throw this.#over
    this.#start(extra)
    try {
      // No race with one promise for the whole stream: it would remember every piece until its end.
      return await new Promise<T>((resolve, reject) => {
        this.#giveUp = reject
        call().then(resolve, reject)
      })
    } finally {
      this.#giveUp = undefined
      this.#stop()
    }
  }

  /** The pieces of a stream, each in its time. Ends the watch with the stream. */
  async *each<T>(open: () => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    let iterator: AsyncIterator<T> | undefined
    try {
      this.#listen()
      if (this.#over) throw this.#over
      const pieces = open()[Symbol.asyncIterator]()
      iterator = pieces
      for (;;) {
        const next = await this.wait(() => pieces.next())
        if (next.done) {
          iterator = undefined
          return
        }
        yield next.value
      }
    } finally {
      this[Symbol.dispose]()
      // Not awaited: a stream that hangs in next() never answers return() either.
      void (async () => iterator?.return?.())().catch(() => undefined)
    }
  }

  /** A source that stops the clock while its own next piece is awaited. */
  around(source: ByteSource): ByteSource {
    if (source instanceof Uint8Array) return source
    const pause = () => this.#stop()
    const goOn = (bytes: number) => this.#start(timeFor(bytes))
    return (async function* () {
      const pieces = source[Symbol.asyncIterator]()
      let [ended, given] = [false, 0]
      try {
        for (;;) {
          pause()
          const next = await pieces
            .next()
            .catch((error: unknown) => {
              ended = true
              throw error
            })
            .finally(() => goOn(0))
          if (next.done) {
            ended = true
            // What the store has still to do is more for a large object.
            goOn(given)
            return
          }
          given += next.value?.length ?? 0
          yield next.value
        }
      } finally {
        if (!ended) await pieces.return?.()
      }
    })()
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#stop()
    this.rest()
  }

  #start(extra: number): void {
    this.#stop()
    if (this.#over || this.#disposed) return
    const { clock, limit } = this.#limits
    this.#timer = clock.timer(limit + extra, () =>
      this.#end('unavailable', `did not answer within ${limit} ms`),
    )
  }

  #stop(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  readonly #cancelled = () => this.#end('aborted', 'was cancelled')

  #end(kind: 'unavailable' | 'aborted', why: string): void {
    this.#stop()
    if (this.#over) return
    const cause = kind === 'aborted' ? this.#outer?.reason : undefined
    const error = new HoldfastError('HF_BACKEND', `${this.#call} ${why}`, {
      kind,
      operation: `backend.${this.#call}`,
      ...(cause !== undefined && { cause }),
    })
    this.#over = error
    this.#giveUp?.(error)
    this.#told.abort(error)
  }
}
