import { clearLine, cursorTo } from 'node:readline'
import type { WriteStream } from 'node:tty'
import type { Step } from '../operations/operation.ts'
import { printable, shortened } from './table.ts'
import { count, duration, size } from './units.ts'

/** Times that the line is drawn in a second, at most. */
const DRAWN = 10

/** One line at the bottom of a terminal that says how far it is; nothing where there is no terminal. */
export class ProgressLine {
  readonly #terminal: WriteStream | undefined
  #drawn = 0
  #shown = false

  constructor(stream: WriteStream) {
    this.#terminal = stream.isTTY ? stream : undefined
  }

  readonly update = (step: Step): void => {
    const now = performance.now()
    if (!this.#terminal || (this.#shown && now - this.#drawn < 1000 / DRAWN)) return
    this.#drawn = now
    this.clear()
    this.#shown = true
    // A line that wraps cannot be taken back.
    this.#terminal.write(shortened(textOf(step), Math.max(20, this.#terminal.columns - 1)))
  }

  /** Before anything else is printed. */
  clear(): void {
    if (!this.#terminal || !this.#shown) return
    clearLine(this.#terminal, 0)
    cursorTo(this.#terminal, 0)
    this.#shown = false
  }
}

/** `retention, acting: 12,000 of 100,000 files, 12 %, 8,312 a second, 11s left` */
export function textOf({ what, unit, done, total, rate, eta }: Step): string {
  const amount = (number: number) => (unit === 'bytes' ? size(number) : count(number))
  const of = total === undefined ? '' : ` of ${amount(total)}`
  const parts = [
    `${printable(what)}: ${amount(done)}${of}${unit === 'bytes' ? '' : ' files'}`,
    ...(total ? [`${Math.floor((100 * done) / total)} %`] : []),
    ...(rate === undefined ? [] : [`${amount(rate)} a second`]),
    ...(eta === undefined || done === total ? [] : [`${duration(eta)} left`]),
  ]
  return parts.join(', ')
}
