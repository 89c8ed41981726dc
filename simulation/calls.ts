import type { Life } from './life.ts'
import type { World } from './world.ts'

/** What becomes of a call: `lost`: it is done, and the answer is an error; `late`: an error now, and done some time later. */
export type Fate = 'done' | 'failed' | 'lost' | 'late'

/** Why a call ends without its own answer. */
export type Mishap = Exclude<Fate, 'done'> | 'given up'

export interface Asked {
  readonly life: Life
  /** Of the store or of the log. */
  readonly to: 'store' | 'log'
  readonly what: string
  readonly about: string
  readonly signal: AbortSignal | undefined
  /** Whether it changes anything: only then it matters whether it lands late. */
  readonly changes: boolean
  readonly problem: (mishap: Mishap, signal: AbortSignal | undefined) => unknown
  /** It lands, and nobody waits for it any more. */
  readonly whenLate?: () => void
}

/** A call that is on its way to a store or to the log. */
export interface Call extends Asked {
  readonly name: string
  /** Does it, and gives how to answer. */
  readonly perform: () => Promise<() => void>
  readonly fail: (error: unknown) => void
  /** Whoever called has an answer already; after this moment it cannot land any more. */
  answered: boolean
  readonly until: number
}

/** Longest time that a request is under way, ms: far below the time of tombstones. */
const LONGEST_FLIGHT_MS = 6 * 3_600_000

/** What processes have asked of stores and log and have no answer to yet. The world lets calls through, in any order. */
export class Calls {
  readonly underway: Call[] = []
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** `isPrompt`: it is answered at once, and nothing goes wrong. */
  make<T>(asked: Asked, isPrompt: () => boolean, perform: () => Promise<T>): Promise<T> {
    const { life, what, about, signal, problem } = asked
    return new Promise<T>((resolve, reject) => {
      if (life.isDead) return
      const call: Call = {
        ...asked,
        name: `${what} ${about} of ${life.name}`,
        perform: async () => {
          try {
            const value = await perform()
            return () => resolve(value)
          } catch (error) {
            return () => reject(error)
          }
        },
        fail: reject,
        answered: false,
        until: this.#world.time.now + LONGEST_FLIGHT_MS,
      }
      const onAbort = () => {
        if (call.answered) return
        call.answered = true
        reject(problem('given up', signal))
      }
      if (signal?.aborted) return onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      if (isPrompt()) void this.#settle(call)
      else this.underway.push(call)
    })
  }

  /** Lets one call through. */
  async deliver(call: Call, fate: Fate): Promise<void> {
    const at = this.underway.indexOf(call)
    if (at >= 0) this.underway.splice(at, 1)
    const { life, what, name, changes } = call
    const { note, trace, time } = this.#world
    if (call.answered || life.isDead) {
      call.answered = true
      const lands = changes && fate !== 'failed' && call.until > time.now
      note(`${what} ${lands ? 'lands late' : 'never arrives'}`)
      trace(() => `${name} ${lands ? 'lands late' : 'never arrives'}`)
      if (!lands) return
      call.whenLate?.()
      await call.perform()
      return
    }
    note(`${what} ${fate}`)
    trace(() => `${name} ${fate}`)
    if (fate === 'done') return this.#settle(call)
    if (fate === 'lost') await call.perform()
    if (fate === 'late') this.underway.push(call)
    call.answered = true
    call.fail(call.problem(fate, call.signal))
  }

  async #settle(call: Call): Promise<void> {
    const answer = await call.perform()
    call.answered = true
    call.life.whenRunning(answer)
  }
}
