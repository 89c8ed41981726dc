import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { tell } from '../tell.ts'
import type { RunProgress } from './run.ts'

/** Time over which the rate is smoothed, ms. */
const SMOOTH_MS = 10_000

/** How far a run is, how fast, and how long it will take, by the node's clock. */
export class Progress {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #onProgress: ((progress: RunProgress) => void) | undefined
  #last: { readonly at: number; readonly done: number }
  #now: RunProgress

  constructor(
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
    run: Pick<RunProgress, 'id' | 'job' | 'actor' | 'dryRun' | 'startedAt' | 'phase'>,
    onProgress?: (progress: RunProgress) => void,
  ) {
    this.#clock = clock
    this.#log = log
    this.#onProgress = onProgress
    this.#now = { ...run, done: 0, total: undefined, rate: undefined, eta: undefined }
    this.#last = { at: clock.monotonic(), done: 0 }
  }

  get now(): RunProgress {
    return this.#now
  }

  /** A new phase counts and measures from nothing. */
  enter(phase: RunProgress['phase'], total?: number): void {
    this.#last = { at: this.#clock.monotonic(), done: 0 }
    this.#now = { ...this.#now, phase, done: 0, total, rate: undefined, eta: undefined }
    this.#tell()
  }

  update(done: number, total: number | undefined = this.#now.total): void {
    const at = this.#clock.monotonic()
    const passed = at - this.#last.at
    let { rate } = this.#now
    // Without time there is no rate; what was done meanwhile counts at the next step.
    if (passed > 0) {
      const current = ((done - this.#last.done) / passed) * 1000
      const weight = 1 - Math.exp(-passed / SMOOTH_MS)
      rate = rate === undefined ? current : rate + weight * (current - rate)
      this.#last = { at, done }
    }
    this.#now = { ...this.#now, done, total, rate, eta: etaOf(done, total, rate) }
    this.#tell()
  }

  #tell(): void {
    if (!this.#onProgress) return
    const { job, id: run } = this.#now
    tell(this.#onProgress, Object.freeze(this.#now), (error) =>
      this.#log.warn({ job, run, cause: messageOf(error) }, 'a listener of progress failed'),
    )
  }
}

function etaOf(done: number, total: number | undefined, rate: number | undefined): number | undefined {
  if (total === undefined) return undefined
  if (done >= total) return 0
  return rate === undefined || rate <= 0 ? undefined : Math.round(((total - done) / rate) * 1000)
}
