import { type BackendErrorKind, HoldfastError } from '@holdfast/core'

/** The calls of a backend that can fail. */
export const FAULTY_CALLS = ['write', 'read', 'stat', 'list', 'delete'] as const
export type FaultyCall = (typeof FAULTY_CALLS)[number]

/** One thing that goes wrong. */
export interface Fault {
  readonly call: FaultyCall
  readonly kind: BackendErrorKind
  /** Calls that go by first. Default 0. */
  readonly skip?: number
  /** How many calls fail. Default 1; `Infinity` for all from then on. */
  readonly times?: number
  /** For `delete`: the call works, but these targets (by their place in it) fail. Default: the whole call fails. */
  readonly partial?: (index: number) => boolean
}

interface Armed {
  readonly fault: Fault
  skip: number
  times: number
}

/** The faults of a backend, and a count of its calls. Starts with none. */
export class FaultPlan {
  readonly #armed = new Set<Armed>()
  readonly #calls = new Map<FaultyCall, number>()
  #hits = 0

  constructor(faults: readonly Fault[] = []) {
    for (const fault of faults) this.arm(fault)
  }

  /** Dispose of the result (`using`) to take the fault back. */
  arm(fault: Fault): Disposable {
    const armed = { fault, skip: fault.skip ?? 0, times: fault.times ?? 1 }
    this.#armed.add(armed)
    return { [Symbol.dispose]: () => void this.#armed.delete(armed) }
  }

  /** Calls that have failed by this plan so far. */
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
}

export function faultError({ call, kind }: Fault): HoldfastError {
  return new HoldfastError('HF_BACKEND', `an injected fault: ${call} is ${kind}`, {
    kind,
    operation: `backend.${call}`,
  })
}
