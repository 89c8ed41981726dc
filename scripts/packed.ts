// Whether the tests of our packages pass against what would be published (K-12): packs all packages, installs them
// outside the workspace, and runs each package's tests there. Needs `pnpm run build`.
// `pnpm run packed [folder...]`; `--quick` leaves out what packed-exceptions.txt calls slow; `--list` only says what runs.
import { exceptionProblems, readExceptions, runnable } from './packed/exceptions.ts'
import { outsideOf } from './packed/outside.ts'
import { runPacked } from './packed/run.ts'
import { testFilesOf } from './packed/test-files.ts'
import { packagesOf, readArguments } from './workspace.ts'

const { root, positionals, has } = readArguments(['quick', 'list'])
const exceptions = readExceptions(root)
const files = testFilesOf(root)
const problems = exceptionProblems(exceptions, files)
const folders = packagesOf(root)
  .filter(({ manifest }) => !manifest.private)
  .map(({ folder }) => folder)
for (const wanted of positionals) {
  if (!folders.includes(wanted)) problems.push(`packages/${wanted} is no public package`)
}
const chosen = positionals.length > 0 ? folders.filter((folder) => positionals.includes(folder)) : folders

function plan(folder: string): readonly string[] {
  const tests = runnable(exceptions, files, folder, has('quick'))
  const all = files.filter((test) => test.folder === folder)
  console.log(`packed: ${folder}: ${tests.length} of ${all.length} test files`)
  if (tests.length === 0) problems.push(`${folder} has no test that runs against its tarball`)
  return tests
}

const plans = chosen.map((folder) => [folder, plan(folder)] as const)
if (problems.length === 0 && !has('list')) {
  using outside = outsideOf(root)
  for (const [folder, tests] of plans) {
    const { passed, failed, skipped, files: ran } = await runPacked(root, outside.path, folder, tests)
    console.log(`packed: ${folder}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped`)
    problems.push(...failed.map((title) => `failed: ${title}`))
    problems.push(...tests.filter((file) => !ran.includes(file)).map((file) => `${file} did not run`))
  }
}
for (const problem of problems) console.error(`packed: ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1
