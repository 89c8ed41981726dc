import { describe, expect, it } from 'vitest'
import { type Failure, filesOf, type RunOutcome, verdictOf } from '../mutants/outcome.ts'

describe('a verdict', () => {
  const assertion: Failure = { name: 'AssertionError', message: 'expected 1 to be 2' }
  const after = (...failures: readonly Failure[]): RunOutcome => ({
    tests: [
      { file: 'a', title: '[R-02] x', state: failures.length > 0 ? 'failed' : 'passed', failures, ms: 0 },
    ],
    otherFailures: [],
  })
  const property = (cause: Failure): Failure => ({
    name: 'Error',
    message: 'Property failed after 3 tests',
    cause,
  })

  it.each<[string, RunOutcome, 'caught' | 'survived']>([
    ['an assertion', after(assertion), 'caught'],
    ['an assertion after another error', after({ name: 'Error', message: 'x' }, assertion), 'caught'],
    ['a property whose assertion failed', after(property(assertion)), 'caught'],
    [
      'a property that is false',
      after(property({ name: 'Error', message: 'Property failed by returning false' })),
      'caught',
    ],
    [
      'a property that threw',
      after(property({ name: 'TypeError', message: 'x is not a function' })),
      'survived',
    ],
    ['another error caused by one', after({ name: 'Error', message: 'x', cause: assertion }), 'survived'],
    ['an error that speaks of one', after({ name: 'TypeError', message: 'AssertionError: x' }), 'survived'],
    ['a timeout', after({ name: 'TestTimeoutError', message: 'Test timed out' }), 'survived'],
    ['a pass', after(), 'survived'],
    ['no test', { tests: [], otherFailures: [] }, 'survived'],
  ])('after %s', (_what, outcome, kind) => {
    expect(verdictOf(outcome, 'R-02').kind).toBe(kind)
  })

  it('hears only the tests of its id', () => {
    expect(verdictOf(after(assertion), 'R-03')).toEqual({
      kind: 'survived',
      why: 'not tested: no test of its id ran',
    })
  })
})

describe('the files of a mutant', () => {
  const test = (file: string, ms: number) =>
    ({ file, ms, title: '[R-02] x', state: 'passed', failures: [] }) as const

  it('are those that its tests lie in, the quickest first', () => {
    const tests = [test('slow', 4000), test('quick', 10), test('slow', 2000), test('not so quick', 4999)]
    expect(filesOf(tests)).toEqual(['quick', 'not so quick', 'slow'])
    expect(filesOf([])).toEqual([])
  })
})
