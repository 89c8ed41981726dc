import { channel } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import { type Clock, sleep } from './clock.ts'
import { HoldfastError } from './errors.ts'

export const CORE_FAILPOINTS = [
  'job.chunk.before',
  'job.chunk.after',
  /** A tap is done with events, its cursor does not say so yet. */
  'hook.cursor.before',
  'hook.cursor.after',
] as const

/**
 * The failpoints of a node by name. A package lists its own, adds them here:
 * `declare module '@holdfast/core' { interface Failpoints extends Record<(typeof ACME_FAILPOINTS)[number], true> {} }`,
 * and gives the list to its plugin as `failpoints`, so that a test can walk them.
 */
export interface Failpoints extends Record<(typeof CORE_FAILPOINTS)[number], true> {}
export type FailpointName = keyof Failpoints

/** Node's diagnostics channel that gets `{ name }` just before the action of a failpoint happens. */
const FIRED = '@holdfast/core:failpoint'

/** What an armed failpoint does when the code reaches it. */
export type FailpointAction =
  | { readonly kind: 'error'; readonly error?: () => Error }
  /** Waits until the test calls `release`; `reached` tells the test that it may. */
  | { readonly kind: 'park'; readonly rendezvous: Rendezvous }
  /** Waits this many milliseconds on the clock that it is given. */
  | { readonly kind: 'delay'; readonly ms: number; readonly clock: Clock }
  /** Does whatever a test wants here; what it throws is thrown here. */
  | { readonly kind: 'callback'; readonly call: () => Promise<void> | void }
  /** Kills this process with SIGKILL, after writing the point's name and a newline to `report` (a file descriptor). */
  | { readonly kind: 'crash'; readonly report?: number }

export interface ArmOptions {
  /** Passes that go by untouched before the action happens. Default 0. */
  readonly skip?: number
  /** How often the action happens before the point disarms itself, from 1. Default 1. */
  readonly times?: number
}

/** A meeting point of a test and the code under test. */
export class Rendezvous {
  readonly reached: Promise<void>
  readonly released: Promise<void>
  /** Called by the parked code. */
  readonly arrive: () => void
  /** Called by the test to let the parked code go on. */
  readonly release: () => void
  constructor() {
    const arrival = Promise.withResolvers<void>()
    const departure = Promise.withResolvers<void>()
    this.reached = arrival.promise
    this.released = departure.promise
    this.arrive = arrival.resolve
    this.release = departure.resolve
  }
}

interface Armed {
  readonly action: FailpointAction
  skip: number
  times: number
}

/**
 * Places in the code where a test can make the process fail. One registry a node, injected, so that tests run side
 * by side. Code asks `if (failpoints.armed) ...`: with nothing armed a point costs one property read.
 */
export class FailpointRegistry {
  /** True while a point is armed or a census runs. */
  armed = false
  readonly #names = new Set<string>(CORE_FAILPOINTS)
  readonly #points = new Map<string, Armed>()
  #census: Map<string, number> | undefined
  #complete = false

  /** Makes names known; the kernel does this with each plugin's list. */
  declare(names: readonly FailpointName[]): void {
    for (const name of names) this.#names.add(name)
  }

  /** All lists of a node are known: what was armed under another name would never happen. @throws TypeError */
  complete(): void {
    this.#complete = true
    for (const name of this.#points.keys()) this.#mustKnow(name)
  }

  #mustKnow(name: string): void {
    if (!this.#names.has(name))
      throw new TypeError(`failpoint ${name} is not declared by any plugin of this node`)
  }

  /** Every point that the node's packages have. */
  names(): FailpointName[] {
    return [...this.#names].sort() as FailpointName[]
  }

  /**
   * Arms a point, in place of what it was armed with. Dispose of the result (`using`) to disarm it.
   * @throws TypeError for a name that no plugin of the node declares: here, or when the node is assembled
   */
  arm(name: FailpointName, action: FailpointAction, { skip = 0, times = 1 }: ArmOptions = {}): Disposable {
    if (this.#complete) this.#mustKnow(name)
    if (!(skip >= 0)) throw new TypeError(`failpoint ${name}: skip is ${skip}; it takes a number from 0`)
    if (!(times >= 1)) throw new TypeError(`failpoint ${name}: times is ${times}; it takes a number from 1`)
    const armed: Armed = { action, skip, times }
    this.#points.set(name, armed)
    this.armed = true
    return { [Symbol.dispose]: () => this.#disarm(name, armed) }
  }

  /** Counts every pass of every point from now on; the map is live. */
  census(): ReadonlyMap<string, number> {
    this.#census ??= new Map()
    this.armed = true
    return this.#census
  }

  /** For asynchronous code: all actions. */
  async hit(name: FailpointName): Promise<void> {
    const action = this.#pass(name)
    if (action?.kind === 'park') {
      action.rendezvous.arrive()
      await action.rendezvous.released
    } else if (action?.kind === 'delay') await sleep(action.clock, action.ms)
    else if (action?.kind === 'callback') await action.call()
    else if (action) act(name, action)
  }

  /** For code that must not wait, such as the inside of a transaction: error, crash, and a callback that does not wait. */
  hitSync(name: FailpointName): void {
    const action = this.#pass(name)
    if (!action) return
    if (action.kind === 'error' || action.kind === 'crash') act(name, action)
    else if (action.kind !== 'callback' || action.call() !== undefined)
      throw new TypeError(`failpoint ${name} is inside synchronous code and cannot wait`)
  }

  #pass(name: FailpointName): FailpointAction | undefined {
    this.#mustKnow(name)
    this.#census?.set(name, (this.#census.get(name) ?? 0) + 1)
    const point = this.#points.get(name)
    if (!point) return undefined
    if (point.skip > 0) {
      point.skip--
      return undefined
    }
    point.times--
    if (point.times <= 0) this.#disarm(name, point)
    channel(FIRED).publish({ name })
    return point.action
  }

  #disarm(name: string, armed: Armed): void {
    if (this.#points.get(name) === armed) this.#points.delete(name)
    this.armed = this.#points.size > 0 || this.#census !== undefined
  }
}

function act(name: FailpointName, action: Extract<FailpointAction, { kind: 'error' | 'crash' }>): void {
  if (action.kind === 'error')
    throw action.error?.() ?? new HoldfastError('HF_FAILPOINT', `failpoint ${name}`)
  if (action.report !== undefined) writeSync(action.report, `${name}\n`)
  process.kill(process.pid, 'SIGKILL')
  // The signal may be delivered a moment later; nothing of this process may run until then.
  for (;;);
}
