import { type BackendErrorKind, HoldfastError } from '@holdfast/core'

/** The calls of a backend that can fail. */
export const FAULTY_CALLS = ['write', 'read', 'stat', 'list', 'delete'] as const
export type FaultyCall = (typeof FAULTY_CALLS)[number]

interface When {
  /** Calls that go by first. Default 0. */
  readonly skip?: number
  /** How many calls it meets. Default 1; `Infinity` for all from then on. */
  readonly times?: number
}

/** The call fails with this kind, before it has done anything. */
export interface Failure extends When {
  readonly call: FaultyCall
  readonly kind: BackendErrorKind
  /** Time for which the store wants to be left alone, ms: stands in the error. */
  readonly retryAfter?: number
  /** For `delete`: the call works, but these targets (by their place in it) fail. Default: the whole call fails. */
  readonly partial?: (index: number) => boolean
}

/** The call is done, and its answer is lost: whoever made it gets an error of this kind. */
export interface LostAnswer extends When {
  readonly call: 'write' | 'delete'
  readonly lost: BackendErrorKind
}

/** The call takes this long, ms on the clock of the plan, before it begins. */
export interface Delay extends When {
  readonly call: FaultyCall
  readonly delay: number
}

/** A listing in pages of at most so many keys. */
export interface ShortPages extends When {
  readonly call: 'list'
  readonly pageKeys: number
}

/** A listing as it would have been when the fault was armed: what came since is not in it, what went is. */
export interface StaleListing extends When {
  readonly call: 'list'
  readonly stale: true
}

/** The store's own clock is wrong by this, ms: times of change that the call tells are moved by it. */
export interface ClockOffset extends When {
  readonly call: 'write' | 'stat' | 'list'
  readonly clockOffset: number
}

/** One thing that goes wrong. */
export type Fault = Failure | LostAnswer | Delay | ShortPages | StaleListing | ClockOffset

interface Armed {
  readonly fault: Fault
  skip: number
  times: number
}

/** The faults of a backend, and a count of its calls. Starts with none. */
export class FaultPlan {
  readonly #armed = new Set<Armed>()
  readonly #calls = new Map<FaultyCall, number>()
  readonly #onStale = new Set<(fault: StaleListing) => void>()
  #hits = 0

  constructor(faults: readonly Fault[] = []) {
    for (const fault of faults) this.arm(fault)
  }

  /** Dispose of the result (`using`) to take the fault back. */
  arm(fault: Fault): Disposable {
    const armed = { fault, skip: fault.skip ?? 0, times: fault.times ?? 1 }
    this.#armed.add(armed)
    if ('stale' in fault) for (const note of this.#onStale) note(fault)
    return { [Symbol.dispose]: () => void this.#armed.delete(armed) }
  }

  /** Calls that have met a fault of this plan so far. */
  get hits(): number {
    return this.#hits
  }

  /** How often a call was made, failed or not. */
  calls(call: FaultyCall): number {
    return this.#calls.get(call) ?? 0
  }

  /** The fault that this call meets. For the backend under the plan. */
  next(call: FaultyCall): Fault | undefined {
    this.#calls.set(call, this.calls(call) + 1)
    for (const armed of this.#armed) {
      if (armed.fault.call !== call) continue
      if (armed.skip-- > 0) continue
      if (--armed.times <= 0) this.#armed.delete(armed)
      this.#hits++
      return armed.fault
    }
    return undefined
  }

  /** Tells the backend under the plan when it has to remember what it holds. */
  onStale(note: (fault: StaleListing) => void): void {
    this.#onStale.add(note)
    for (const { fault } of this.#armed) if ('stale' in fault) note(fault)
  }
}

export function faultError(
  call: FaultyCall,
  kind: BackendErrorKind,
  { retryAfter }: { readonly retryAfter?: number } = {},
): HoldfastError {
  return new HoldfastError('HF_BACKEND', `an injected fault: ${call} is ${kind}`, {
    kind,
    operation: `backend.${call}`,
    ...(retryAfter !== undefined && { context: { retryAfter } }),
  })
}

/** What a call that was cancelled rejects with, as a store's own would. */
export function cancelled(call: FaultyCall, signal: AbortSignal | undefined): HoldfastError {
  return new HoldfastError('HF_BACKEND', `${call} was cancelled`, {
    kind: 'aborted',
    operation: `backend.${call}`,
    cause: signal?.reason,
  })
}
