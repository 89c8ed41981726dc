// Which guarantees the last `pnpm run test:all` has shown to hold, from its report. `--tally` prints the counts only.
import { filesWithoutRequiredAssertions, staleness } from './guarantees/coverage.ts'
import { judge, type Problem, type Row, rowsOf } from './guarantees/judge.ts'
import { readPromised } from './guarantees/promised.ts'
import { REPORT_FILE, readReport, tallyOf } from './guarantees/report.ts'
import { readArguments } from './workspace.ts'

function table(rows: readonly Row[]): string {
  const line = (...cells: readonly unknown[]) => cells.map((cell) => String(cell).padStart(8)).join('')
  return [
    line('id', 'passed', 'failed', 'skipped'),
    ...rows.map(({ id, promised, passed, failed, skipped }) => {
      return line(id, passed, failed, skipped) + (promised ? '' : '  (not promised yet)')
    }),
  ].join('\n')
}

async function check(root: string): Promise<boolean> {
  const report = readReport(root)
  if (!report) {
    console.error(`guarantees: ${REPORT_FILE} is missing: pnpm run test:all`)
    return false
  }
  const promised = readPromised(root)
  console.log(table(rowsOf(report, promised)))

  const unasserted = await filesWithoutRequiredAssertions(root, report)
  const problems: Problem[] = [
    ...staleness(root, report).map((text) => ({ text, onlyUnderCi: false })),
    ...unasserted.map((file) => ({
      text: `${file} ran without expect.requireAssertions`,
      onlyUnderCi: false,
    })),
    ...judge(report, promised),
  ]
  const underCi = process.env.CI === 'true'
  for (const { text, onlyUnderCi } of problems) {
    console.error(`${onlyUnderCi && !underCi ? 'guarantees (fails under CI)' : 'guarantees'}: ${text}`)
  }
  console.log(tallyOf(report))
  return problems.every(({ onlyUnderCi }) => onlyUnderCi && !underCi)
}

const { root, has } = readArguments(['tally'])
if (has('tally')) {
  const report = readReport(root)
  if (report) console.log(tallyOf(report))
} else {
  process.exitCode = (await check(root)) ? 0 : 1
}
