import { ALL, type Counts, EXPIRED, KEPT } from './expected.ts'
import { table } from './progress.ts'

/** Files that retention condemned and whose bytes were erased. */
export interface Retained {
  readonly condemned: number
  readonly erased: number
}

/** What retention had done when it was killed, and what the life after it did. */
export interface Kill {
  readonly signal: NodeJS.Signals
  readonly before: Retained
  readonly after: Retained
}

/** What has become of the files in the end. */
export interface Outcome {
  readonly stored: Counts
  readonly kept: Counts
  /** Keys in the store that no listed file has. */
  readonly unlisted: readonly string[]
  /** Absent when no kill has been seen through to its recovery. */
  readonly kill?: Kill
}

export function showOutcome({ stored, kept, kill }: Outcome): void {
  process.stdout.write('\n')
  const cells = ({ hours, rows, bytes }: Counts) => [hours, rows, bytes]
  table([
    ['', 'files', 'rows', 'bytes'],
    ['written', ...cells(stored)],
    ['expired', ...cells(minus(stored, kept))],
    ['kept', ...cells(kept)],
  ])
  if (kill !== undefined) {
    const { signal, before, after } = kill
    process.stdout.write('\n')
    table([
      ['', 'condemned', 'erased'],
      [`before ${signal}`, before.condemned, before.erased],
      ['after the restart', after.condemned, after.erased],
    ])
  }
  process.stdout.write('\n')
}

/** What differs from what is known of the data set, a sentence each. */
export function problemsOf({ stored, kept, unlisted, kill }: Outcome): string[] {
  const problems: string[] = []
  const compare = (what: string, found: number, expected: number) => {
    if (found !== expected) problems.push(`${what}: ${found}, but ${expected} were expected.`)
  }
  const compareAll = (what: string, found: Counts, expected: Counts) => {
    compare(`Files ${what}`, found.hours, expected.hours)
    compare(`Rows ${what}`, found.rows, expected.rows)
    compare(`Bytes ${what}`, found.bytes, expected.bytes)
  }
  compareAll('written', stored, ALL)
  compareAll('expired', minus(stored, kept), EXPIRED)
  compareAll('kept', kept, KEPT)
  if (kill !== undefined) {
    compare('Files condemned', kill.before.condemned + kill.after.condemned, EXPIRED.hours)
    compare('Files erased', kill.before.erased + kill.after.erased, EXPIRED.hours)
  }
  if (unlisted.length > 0)
    problems.push(`Files in the store that are not listed: ${unlisted.length}, such as ${unlisted[0]}.`)
  return problems
}

function minus(all: Counts, some: Counts): Counts {
  return { hours: all.hours - some.hours, rows: all.rows - some.rows, bytes: all.bytes - some.bytes }
}
