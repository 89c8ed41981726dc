// Whether the tests can fail: takes one guard away at a time, in a copy, and demands that the tests of its guarantee
// turn red by an assertion. `pnpm run mutants [id...]`; how to write one: test/mutants/README.md
import { performance } from 'node:perf_hooks'
import { readPromised } from './guarantees/promised.ts'
import { baselineProblems, testsOf, verdictOf } from './mutants/outcome.ts'
import { applyPatch, findMutants, type Mutant, patchProblem, revertPatch } from './mutants/patches.ts'
import { runTests } from './mutants/run-tests.ts'
import { scratchCopy } from './mutants/scratch.ts'
import { readArguments } from './workspace.ts'

const { root, positionals } = readArguments()
const problems: string[] = []

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

async function tryAll(copy: string, mutants: readonly Mutant[]): Promise<void> {
  const ids = [...new Set(mutants.map(({ id }) => id))]
  const start = performance.now()
  const baseline = await runTests(copy, ids)
  if (!baseline) return fail('the tests took too long without any mutant')
  const broken = baselineProblems(baseline, ids)
  for (const problem of broken) fail(`without any mutant: ${problem}`)
  if (broken.length > 0) return
  const count = ids.flatMap((id) => testsOf(baseline, id)).length
  console.log(`mutants: ${count} tests of ${ids.length} ids pass without a mutant, ${seconds(start)}`)

  for (const mutant of mutants) {
    const files = new Set(testsOf(baseline, mutant.id).map(({ file }) => file))
    await tryOne(copy, mutant, [...files])
  }
}

async function tryOne(copy: string, mutant: Mutant, files: readonly string[]): Promise<void> {
  const start = performance.now()
  applyPatch(copy, mutant)
  const outcome = await runTests(copy, [mutant.id], files)
  revertPatch(copy, mutant)
  const verdict = outcome
    ? verdictOf(outcome, mutant.id)
    : { kind: 'survived' as const, why: 'its tests took too long' }
  if (verdict.kind === 'survived') fail(`${mutant.file} survived: ${verdict.why}, ${seconds(start)}`)
  else console.log(`mutants: ${mutant.file} caught by ${verdict.by}, ${seconds(start)}`)
}

const mutants = chosen()
if (mutants.length === 0) {
  fail('there is none to try')
} else {
  const copy = scratchCopy(root)
  process.once('exit', () => copy[Symbol.dispose]())
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

  const sound = mutants.filter((mutant) => {
    const problem = patchProblem(copy.root, mutant)
    if (problem !== undefined) fail(`${mutant.file} ${problem}`)
    return problem === undefined
  })
  if (sound.length > 0) await tryAll(copy.root, sound)
}
console.log(`mutants: ${mutants.length} tried, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
