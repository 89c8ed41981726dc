// Child process of run-tests.ts: runs tests by id and sends their outcome. Vitest's own objects still know which
// error was an assertion; its JSON report keeps only stacks, and those of `.rejects` and `.poll` begin with "Error".
import { join, relative } from 'node:path'
import {
  BaseSequencer,
  createVitest,
  type TestCase,
  type TestModule,
  type TestSpecification,
} from 'vitest/node'
import { type Failure, isAssertion, type RunOutcome, type TestOutcome } from './outcome.ts'

interface Thrown {
  readonly name?: unknown
  readonly message?: unknown
  readonly cause?: unknown
}

function failureOf({ name, message, cause }: Thrown): Failure {
  const failure = { name: String(name ?? 'Error'), message: String(message ?? '') }
  if (typeof cause !== 'object' || cause === null) return failure
  return { ...failure, cause: failureOf({ ...cause, cause: undefined }) }
}

const [root = '', ids = '', untilCaught, ...files] = process.argv.slice(2)

function outcomeOf(test: TestCase): TestOutcome {
  const { state, errors } = test.result()
  return {
    file: relative(root, test.module.moduleId),
    title: test.name,
    state,
    failures: (errors ?? []).map(failureOf),
    ms: test.diagnostic()?.duration ?? 0,
  }
}

function loadFailures(module: TestModule): string[] {
  return module.errors().map(({ message }) => `${relative(root, module.moduleId)}: ${message.split('\n')[0]}`)
}

/** The parent ends the whole group then, workers and all. */
function endWhenCaught(test: TestCase): void {
  const outcome = outcomeOf(test)
  if (outcome.failures.some(isAssertion)) process.send?.({ tests: [outcome], otherFailures: [] })
}

/** Takes the files in the order in which they were given. */
class AsGiven extends BaseSequencer {
  override async sort(specifications: TestSpecification[]) {
    const place = ({ moduleId }: TestSpecification) => files.indexOf(relative(root, moduleId))
    return specifications.sort((one, other) => place(one) - place(other))
  }
}

const vitest = await createVitest('test', {
  root,
  watch: false,
  testNamePattern: new RegExp(`\\[(?:${ids})\\]`),
  // Other mutants are tried at the same time.
  ...(untilCaught === 'true' && { maxWorkers: 1, sequence: { sequencer: AsGiven } }),
  reporters: [untilCaught === 'true' ? { onTestCaseResult: endWhenCaught } : {}],
})
await vitest.start(files.map((file) => join(root, file)))
const modules = vitest.state.getTestModules()
const outcome: RunOutcome = {
  tests: modules.flatMap((module) => [...module.children.allTests()].map(outcomeOf)),
  otherFailures: [
    ...modules.flatMap(loadFailures),
    ...vitest.state.getUnhandledErrors().map((error) => `unhandled: ${failureOf(error as Thrown).message}`),
  ],
}
await vitest.close()
process.send?.(outcome, () => process.exit())
