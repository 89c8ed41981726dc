import type { WriteStream } from 'node:tty'

const REDRAW_MS = 100
const BAR_CELLS = 24

/** What a display needs of a stream: process.stderr and process.stdout have it. */
export type Terminal = Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>

export interface ProgressOptions {
  readonly label: string
  /** How much there is to do, in the unit that update counts. */
  readonly total: number
  /** Default process.stderr. */
  readonly terminal?: Terminal
}

export interface Progress {
  /** Says how much is done in all, and what else to show behind it. */
  update(done: number, extra?: string): void
  /** Shows the last state and leaves its line. */
  end(): void
}

/**
 * A terminal gets one line, redrawn at most ten times a second; a file or pipe gets a plain line for every 10 %.
 * There is no colour, so NO_COLOR has nothing to turn off.
 */
export function createProgress({ label, total, terminal = process.stderr }: ProgressOptions): Progress {
  const redraws = terminal.isTTY === true
  const started = performance.now()
  let done = 0
  let extra = ''
  let drawn = 0
  let shown: number | undefined
  let ended = false

  const share = () => (total > 0 ? Math.min(done / total, 1) : 1)

  function line(): string {
    const seconds = (performance.now() - started) / 1000
    const rate = seconds > 0 ? done / seconds : 0
    const left = rate > 0 ? clock((total - done) / rate) : '-:--'
    const cells = Math.round(share() * BAR_CELLS)
    const bar = redraws ? `[${'#'.repeat(cells)}${'.'.repeat(BAR_CELLS - cells)}] ` : ''
    const percent = `${Math.floor(share() * 100)}`.padStart(3)
    const counts = `${count(done)}/${count(total)}  ${count(Math.round(rate))}/s  ETA ${left}`
    return `${label}  ${bar}${percent} %  ${counts}${extra && `  ${extra}`}`
  }

  function draw(): void {
    shown = done
    // A line as wide as the terminal wraps, and then a return goes back to the wrong line.
    if (redraws) terminal.write(`\r${line().slice(0, (terminal.columns || 80) - 1)}\u001b[K`)
    else terminal.write(`${line()}\n`)
  }

  /** The step that the state belongs to: a time on a terminal, a tenth elsewhere. Each is drawn once. */
  const step = () => Math.floor(redraws ? (performance.now() - started) / REDRAW_MS + 1 : share() * 10)

  return {
    update(now, more = '') {
      done = now
      extra = more
      if (ended || step() <= drawn) return
      drawn = step()
      draw()
    },
    end() {
      if (ended) return
      ended = true
      if (redraws || shown !== done) draw()
      if (redraws) terminal.write('\n')
    },
  }
}

/** Prints rows with their first cells aligned left and the others right, to stdout unless told otherwise. */
export function table(
  rows: readonly (readonly (string | number)[])[],
  terminal: Terminal = process.stdout,
): void {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? count(cell) : cell)))
  const widths: number[] = []
  for (const row of cells)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  for (const row of cells) {
    const aligned = row.map((cell, column) => {
      const width = widths[column] ?? 0
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    terminal.write(`${aligned.join('  ').trimEnd()}\n`)
  }
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function clock(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
