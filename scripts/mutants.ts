// Whether the tests can fail: takes one guard away at a time, in a copy, and demands that the tests of its guarantee
// turn red by an assertion. `pnpm run mutants [id...]`; with --after-tests the report of the last run of all tests is
// taken for their run without a mutant. How to write one: test/mutants/README.md
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { staleness } from './guarantees/coverage.ts'
import { readPromised } from './guarantees/promised.ts'
import { REPORT_FILE, readReport } from './guarantees/report.ts'
import {
  baselineProblems,
  filesOf,
  outcomeOfReport,
  type RunOutcome,
  testsOf,
  type Verdict,
  verdictOf,
} from './mutants/outcome.ts'
import { applyPatch, findMutants, type Mutant, patchProblem, revertPatch } from './mutants/patches.ts'
import { runTests } from './mutants/run-tests.ts'
import { scratchCopy } from './mutants/scratch.ts'
import { readArguments } from './workspace.ts'

const { root, positionals, has } = readArguments(['after-tests'])
const problems: string[] = []
/** Copies at most: each has a run of tests with one worker. */
const LANES = 4

function fail(problem: string): void {
  problems.push(problem)
  console.error(`mutants: ${problem}`)
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

function chosen(): Mutant[] {
  const found = findMutants(root)
  for (const problem of found.problems) fail(problem)
  const wanted = positionals.length > 0 ? positionals : mutantsPromised()
  for (const id of wanted) {
    if (!found.mutants.some((mutant) => mutant.id === id)) fail(`${id} has no mutant`)
  }
  if (positionals.length === 0) return found.mutants
  return found.mutants.filter(({ id }) => positionals.includes(id))
}

function mutantsPromised(): string[] {
  return readPromised(root)
    .filter(({ mutant }) => mutant)
    .map(({ id }) => id)
}

/** The run of all tests that has just passed is their run without a mutant. */
function ofReport(): RunOutcome {
  const report = readReport(root)
  if (!report) return { tests: [], otherFailures: [`there is no ${REPORT_FILE}: run the tests first`] }
  return { ...outcomeOfReport(report), otherFailures: [...report.brokenFiles, ...staleness(root, report)] }
}

/** One mutant at a time in each copy. */
async function tryAll(copies: readonly [string, ...string[]], mutants: readonly Mutant[]): Promise<void> {
  const ids = [...new Set(mutants.map(({ id }) => id))]
  const start = performance.now()
  const baseline = has('after-tests') ? ofReport() : await runTests(copies[0], ids)
  if (!baseline) return fail('the tests took too long without any mutant')
  const broken = baselineProblems(baseline, ids)
  for (const problem of broken) fail(`without any mutant: ${problem}`)
  if (broken.length > 0) return
  const count = ids.flatMap((id) => testsOf(baseline, id)).length
  console.log(`mutants: ${count} tests of ${ids.length} ids pass without a mutant, ${seconds(start)}`)

  const left = [...mutants]
  const lane = async (copy: string) => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      await tryOne(copy, mutant, filesOf(testsOf(baseline, mutant.id)))
    }
  }
  await Promise.all(copies.map(lane))
}

async function tryOne(copy: string, mutant: Mutant, files: readonly string[]): Promise<void> {
  const start = performance.now()
  applyPatch(copy, mutant)
  const verdict = await verdictOn(copy, mutant, files)
  revertPatch(copy, mutant)
  if (verdict.kind === 'survived') fail(`${mutant.file} survived: ${verdict.why}, ${seconds(start)}`)
  else console.log(`mutants: ${mutant.file} caught by ${verdict.by}, ${seconds(start)}`)
}

async function verdictOn(copy: string, { id }: Mutant, files: readonly string[]): Promise<Verdict> {
  if (files.length === 0) return { kind: 'survived', why: 'it has no test' }
  const outcome = await runTests(copy, [id], files, { untilCaught: true })
  return outcome ? verdictOf(outcome, id) : { kind: 'survived', why: 'its tests took too long' }
}

const mutants = chosen()
if (mutants.length === 0) {
  fail('there is none to try')
} else {
  const copy = scratchCopy(root)
  const others = Array.from({ length: Math.min(availableParallelism(), LANES, mutants.length) - 1 }, () =>
    scratchCopy(root),
  )
  process.once('exit', () => {
    for (const each of [copy, ...others]) each[Symbol.dispose]()
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

  const sound = mutants.filter((mutant) => {
    const problem = patchProblem(copy.root, mutant)
    if (problem !== undefined) fail(`${mutant.file} ${problem}`)
    return problem === undefined
  })
  if (sound.length > 0) await tryAll([copy.root, ...others.map((other) => other.root)], sound)
}
console.log(`mutants: ${mutants.length} tried, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
