import { type Clock, keepAlive, type Timer } from '../clock.ts'

/** Something that must end in time. */
export abstract class Watched {
  /** Monotonic time after which it is late, ms. */
  abstract readonly deadline: number
  /** Its time is over: its own, or that of the watchdog. */
  abstract expire(why: 'late' | 'stopped'): void
  /** Neighbours in the watchdog's ring; itself while nobody watches. */
  before: Watched = this
  after: Watched = this
}

/** The ring's own member, which is never late. */
class Ring extends Watched {
  readonly deadline = Number.POSITIVE_INFINITY
  expire(): void {}
}

/**
 * Sees to the time limits of all calls with one timer. The timer is not touched when a call ends: the next look finds
 * it gone. There is about one timer per time limit that passes, and a call costs its place in a ring: a set, which
 * hashes what it is given, took a tenth of the gate's time.
 *
 * A call that waits for the clock alone must not let the process end, and most calls do not wait at all: whether one is
 * still there is looked at once in each turn of the event loop.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #ring = new Ring()
  #timer: Timer | undefined
  /** When the timer fires. */
  #at = Number.POSITIVE_INFINITY
  /** Will look soon whether a call has to be kept alive. */
  #looks = false
  #alive: Disposable | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  enter(call: Watched): void {
    const last = this.#ring.before
    last.after = call
    call.before = last
    call.after = this.#ring
    this.#ring.before = call
    if (call.deadline < this.#at) this.#arm(call.deadline)
    if (!this.#looks) this.#lookAfter()
  }

  #lookAfter(): void {
    this.#looks = true
    setImmediate(() => {
      if (this.#isEmpty) this.#looks = false
      else this.#alive = keepAlive()
    })
  }

  get #isEmpty(): boolean {
    return this.#ring.after === this.#ring
  }

  leave(call: Watched): void {
    call.before.after = call.after
    call.after.before = call.before
    call.before = call
    call.after = call
    if (this.#alive !== undefined && this.#isEmpty) this.#letGo()
  }

  #letGo(): void {
    this.#alive?.[Symbol.dispose]()
    this.#alive = undefined
    this.#looks = false
  }

  /** Gives up all calls that are left, and the timer; a call that is entered later sets a new one. */
  rest(): void {
    this.#disarm()
    while (!this.#isEmpty) this.#expire(this.#ring.after, 'stopped')
  }

  #expire(call: Watched, why: 'late' | 'stopped'): void {
    this.leave(call)
    call.expire(why)
  }

  #disarm(): void {
    this.#timer?.clear()
    this.#timer = undefined
    this.#at = Number.POSITIVE_INFINITY
  }

  #arm(at: number): void {
    this.#timer?.clear()
    this.#at = at
    this.#timer = this.#clock.timer(Math.max(0, Math.ceil(at - this.#clock.monotonic())), () => this.#look())
  }

  #look(): void {
    this.#disarm()
    const now = this.#clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    const late: Watched[] = []
    for (let call = this.#ring.after; call !== this.#ring; call = call.after)
      if (call.deadline > now) next = Math.min(next, call.deadline)
      else late.push(call)
    for (const call of late) {
      // One that expired before it may have ended this one.
      if (call.after === call) continue
      this.#expire(call, 'late')
    }
    // Smaller than anything that was entered by an expired call's listeners, or there is nothing to arm.
    if (next < this.#at) this.#arm(next)
  }
}
