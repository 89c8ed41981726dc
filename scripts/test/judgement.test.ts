import { describe, expect, it } from 'vitest'
import { judge, rowsOf } from '../guarantees/judge.ts'
import { parsePromised } from '../guarantees/promised.ts'
import { type ReportedTest, type TestReport, tallyOf } from '../guarantees/report.ts'

const FILE = 'packages/core/test/a.test.ts'
const reported = (title: string, outcome: ReportedTest['outcome'] = 'passed', file = FILE): ReportedTest => ({
  title,
  outcome,
  file,
  ms: 0,
})
const reportOf = (...tests: readonly ReportedTest[]): TestReport => ({
  startedAt: 0,
  files: [FILE],
  tests,
  brokenFiles: [],
})
const promised = parsePromised('R-02\n')
const kept = reported('[R-02] manifest first')
const texts = (...tests: readonly ReportedTest[]) =>
  judge(reportOf(...tests), promised).map(({ text, onlyUnderCi }) => (onlyUnderCi ? `CI: ${text}` : text))

describe('the judgement of a report', () => {
  it('is silent when each promise has a passed test', () => {
    expect(texts(kept, reported('[R-04] not promised yet'))).toEqual([])
  })

  it('names a promise without a test, or with a failed or skipped one only', () => {
    const missing = 'CI: R-02 is promised and has no passed test'
    expect(texts(reported('[R-04] x'))).toEqual([missing])
    expect(texts(reported('[R-04] x'), reported('[R-02] x', 'failed'))).toContain(missing)
    expect(texts(reported('[R-04] x'), reported('[R-02] x', 'skipped'))).toContain(missing)
  })

  it('names failed tests always and skipped ones under CI', () => {
    expect(texts(kept, reported('[R-02] x', 'failed'))).toEqual([`failed: ${FILE}: [R-02] x`])
    expect(texts(kept, reported('[R-02] x', 'skipped'))).toEqual([`CI: skipped: ${FILE}: [R-02] x`])
  })

  it.each([
    'no id',
    'late [R-02] id',
    '[R-02][R-03] two ids',
    '[R-02] two ids [R-03]',
    '[R-2] short',
    '[R-02]tight',
    '[r-02] x',
  ])('refuses the title "%s"', (title) => {
    expect(texts(kept, reported(title))).toEqual([
      `CI: the title does not begin with exactly one id: ${FILE}: ${title}`,
    ])
  })

  it('asks no id of the tests of scripts and examples', () => {
    const outside = ['scripts/test/a.test.ts', 'examples/flights/test/b.test.ts']
    expect(texts(kept, ...outside.map((file) => reported('no id', 'passed', file)))).toEqual([])
  })

  it('refuses a report without a passed test', () => {
    expect(judge(reportOf(), [])).toEqual([{ text: 'the report has no passed test', onlyUnderCi: false }])
  })

  it('counts by id, and a file that failed as a whole as a failed test', () => {
    const tests = [kept, kept, reported('[R-02] x', 'failed'), reported('[X-11] y', 'skipped')]
    expect(rowsOf(reportOf(...tests), promised)).toEqual([
      { id: 'R-02', promised: true, passed: 2, failed: 1, skipped: 0 },
      { id: 'X-11', promised: false, passed: 0, failed: 0, skipped: 1 },
    ])
    expect(tallyOf({ ...reportOf(...tests), brokenFiles: ['a'] })).toBe('2 passed, 2 failed, 1 skipped')
  })

  it('reads the promised ids and refuses what is not one', () => {
    expect(parsePromised('# why\nR-02 mutant  # first\n\nR-03#x')).toEqual([
      { id: 'R-02', mutant: true },
      { id: 'R-03', mutant: false },
    ])
    expect(() => parsePromised('R-02\nR-3')).toThrow(/:2: not an id: R-3/)
    expect(() => parsePromised('R-02\nR-02')).toThrow(/:2: R-02 is there twice/)
  })
})
