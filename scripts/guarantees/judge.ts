import type { Promised } from './promised.ts'
import type { ReportedTest, TestReport } from './report.ts'

export interface Problem {
  readonly text: string
  /** Work in progress may have it; a CI run may not. */
  readonly onlyUnderCi: boolean
}

export interface Row {
  readonly id: string
  readonly promised: boolean
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Tests of the scripts and of the examples are about something else than a guarantee. */
const WITHOUT_ID = /^(scripts\/test|examples)\//

export function rowsOf(report: TestReport, promised: readonly Promised[]): Row[] {
  const ids = new Set(promised.map(({ id }) => id))
  for (const test of report.tests) {
    const id = idOf(test.title)
    if (id !== undefined) ids.add(id)
  }
  return [...ids].sort().map((id) => {
    const own = report.tests.filter((test) => idOf(test.title) === id)
    const count = (outcome: ReportedTest['outcome']) => own.filter((test) => test.outcome === outcome).length
    return {
      id,
      promised: promised.some((entry) => entry.id === id),
      passed: count('passed'),
      failed: count('failed'),
      skipped: count('skipped'),
    }
  })
}

export function judge(report: TestReport, promised: readonly Promised[]): Problem[] {
  const always = (text: string): Problem => ({ text, onlyUnderCi: false })
  const underCi = (text: string): Problem => ({ text, onlyUnderCi: true })
  const named = ({ file, title }: ReportedTest) => `${file}: ${title}`
  const having = (outcome: ReportedTest['outcome']) =>
    report.tests.filter((test) => test.outcome === outcome).map(named)
  return [
    ...(having('passed').length === 0 ? [always('the report has no passed test')] : []),
    ...report.brokenFiles.map((text) => always(`failed: ${text}`)),
    ...having('failed').map((text) => always(`failed: ${text}`)),
    ...having('skipped').map((text) => underCi(`skipped: ${text}`)),
    ...report.tests
      .filter(({ file, title }) => !WITHOUT_ID.test(file) && idOf(title) === undefined)
      .map((test) => underCi(`the title does not begin with exactly one id: ${named(test)}`)),
    ...rowsOf(report, promised)
      .filter((row) => row.promised && row.passed === 0)
      .map(({ id }) => underCi(`${id} is promised and has no passed test`)),
  ]
}

/** `[R-04] a failed commit aborts the run` is a test of R-04; a title with two ids is a test of neither. */
function idOf(title: string): string | undefined {
  if (title.match(/\[[A-Z]-\d\d\]/g)?.length !== 1) return undefined
  return /^\[([A-Z]-\d\d)\] /.exec(title)?.[1]
}
