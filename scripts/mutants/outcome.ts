import type { TestReport } from '../guarantees/report.ts'

export interface Failure {
  readonly name: string
  readonly message: string
  readonly cause?: Failure
}

export interface TestOutcome {
  readonly file: string
  readonly title: string
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending'
  readonly failures: readonly Failure[]
  /** How long it took, ms. */
  readonly ms: number
}

export interface RunOutcome {
  readonly tests: readonly TestOutcome[]
  /** What went wrong outside of the tests: files that could not be loaded, unhandled rejections. */
  readonly otherFailures: readonly string[]
}

export type Verdict =
  | { readonly kind: 'caught'; readonly by: string }
  | { readonly kind: 'survived'; readonly why: string }

/** A mutant is caught by a test of its id that an assertion turned red; a broken build or a hang proves nothing. */
export function verdictOf(run: RunOutcome, id: string): Verdict {
  const own = testsOf(run, id)
  const caught = own.find(({ failures }) => failures.some(isAssertion))
  if (caught) return { kind: 'caught', by: caught.title }
  const failure = own.flatMap(({ failures }) => failures).at(0)
  if (failure) return survived(`red, but not by an assertion: ${failure.name}: ${firstLine(failure.message)}`)
  const other = run.otherFailures.at(0)
  if (other !== undefined) return survived(`not tested: ${other}`)
  if (own.every(({ state }) => state !== 'passed')) return survived('not tested: no test of its id ran')
  return survived('its tests still pass')
}

/** Why the tests of the ids prove nothing about mutants: they must pass before anything is changed. */
export function baselineProblems(run: RunOutcome, ids: readonly string[]): string[] {
  const tests = ids.flatMap((id) => testsOf(run, id))
  return [
    ...run.otherFailures,
    ...tests
      .filter(({ state }) => state === 'failed')
      .map(({ file, title, failures }) => `${file}: ${title}: ${firstLine(failures.at(0)?.message ?? '')}`),
    ...ids
      .filter((id) => !testsOf(run, id).some(({ state }) => state === 'passed'))
      .map((id) => `${id}: no test of this id passes`),
  ]
}

export function testsOf(run: RunOutcome, id: string): TestOutcome[] {
  return run.tests.filter(({ title }) => title.startsWith(`[${id}] `))
}

/** The files that the tests lie in, those first that took the least: a mutant is mostly caught by a test that takes a moment. */
export function filesOf(tests: readonly TestOutcome[]): readonly string[] {
  const times = new Map<string, number>()
  for (const { file, ms } of tests) times.set(file, (times.get(file) ?? 0) + ms)
  return [...times].sort(([, one], [, other]) => one - other).map(([file]) => file)
}

/** A property that failed is an error of fast-check, which has the assertion as its cause. */
export function isAssertion({ name, message, cause }: Failure): boolean {
  if (name === 'AssertionError') return true
  if (!message.startsWith('Property failed after') || !cause) return false
  return cause.name === 'AssertionError' || cause.message === 'Property failed by returning false'
}

/** What a run of all tests, which has just ended, says of them. */
export function outcomeOfReport({ tests, brokenFiles }: TestReport): RunOutcome {
  return {
    tests: tests.map(({ outcome: state, ...test }) => ({ ...test, state, failures: [] })),
    otherFailures: brokenFiles,
  }
}

const survived = (why: string): Verdict => ({ kind: 'survived', why })
const firstLine = (text: string) => text.split('\n')[0] ?? ''
