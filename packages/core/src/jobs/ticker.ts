import type { Clock, Timer } from '../clock.ts'
import type { Schedule } from './cron.ts'

/** Wall time can be set while a timer runs, and a machine can sleep: the ticker looks at the clock this often, ms. */
const LONGEST_WAIT_MS = 60_000

/** Calls `onTick` whenever the schedule is due by wall time. What was missed while nobody could look is one tick. */
export class Ticker {
  readonly #clock: Clock
  readonly #schedule: Schedule
  readonly #onTick: () => void
  #from = 0
  #nextAt: number | undefined
  #timer: Timer | undefined

  constructor(clock: Clock, schedule: Schedule, onTick: () => void) {
    this.#clock = clock
    this.#schedule = schedule
    this.#onTick = onTick
  }

  /** When the next tick is, ms since 1970 UTC; undefined when there will be none or the ticker does not run. */
  get nextAt(): number | undefined {
    return this.#nextAt
  }

  start(): void {
    this.#from = this.#clock.now()
    this.#wait()
  }

  stop(): void {
    this.#timer?.clear()
    this.#timer = undefined
    this.#nextAt = undefined
  }

  #wait(): void {
    this.#nextAt = this.#schedule.nextAfter(this.#from)
    if (this.#nextAt === undefined) return
    const wait = Math.min(LONGEST_WAIT_MS, Math.max(0, this.#nextAt - this.#clock.now()))
    this.#timer = this.#clock.timer(wait, () => this.#look())
  }

  #look(): void {
    const now = this.#clock.now()
    const due = this.#nextAt !== undefined && now >= this.#nextAt
    // Also when the clock was set back: the schedule goes by the new time from then on.
    if (due || now < this.#from) this.#from = now
    this.#wait()
    if (due) this.#onTick()
  }
}
