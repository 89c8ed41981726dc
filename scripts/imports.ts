// Which way the arrows between our packages point, checked over their sources. The rules: imports/rules.ts
import { readSources } from './imports/read.ts'
import { problemsOf } from './imports/rules.ts'
import { readArguments } from './workspace.ts'

const packages = readSources(readArguments().root)
const problems = problemsOf(packages)
for (const problem of problems) console.error(problem)

const modules = packages.flatMap(({ src, test }) => [...src, ...test])
const imports = modules.flatMap((module) => module.imports)
console.log(
  `imports: ${imports.length} imports of ${modules.length} modules in ${packages.length} packages read, ${problems.length} problems`,
)
process.exitCode = problems.length === 0 ? 0 : 1
