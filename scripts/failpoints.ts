// Whether every failpoint of every package has fired in the last `pnpm run test:all`, and no other has.
import { cataloguesOf } from './failpoints/catalogue.ts'
import { CENSUS_FOLDER, readCensus } from './failpoints/census.ts'
import { readArguments } from './workspace.ts'

/** Points that tests declare for themselves, to try failpoints as such. */
const OF_A_TEST = /^test\./

async function problemsOf(root: string): Promise<string[]> {
  const census = readCensus(root)
  if (!census) return [`${CENSUS_FOLDER} is missing: pnpm run test:all`]
  const fired = census.filter((name) => !OF_A_TEST.test(name))
  const catalogues = await cataloguesOf(root)
  const names = new Set(catalogues.flatMap((catalogue) => catalogue.names))
  if (names.size === 0) return ['no package has a failpoint']
  console.log(`failpoints: ${names.size} in the catalogues, ${fired.length} fired`)
  return [
    ...catalogues.flatMap(({ file, names }) => [
      ...(names.length === 0 ? [`${file} declares failpoints and exports no list of them`] : []),
      ...names.filter((name) => !fired.includes(name)).map((name) => `${name} of ${file} never fired`),
    ]),
    ...fired.filter((name) => !names.has(name)).map((name) => `${name} fired and is in no catalogue`),
  ]
}

const problems = await problemsOf(readArguments().root)
for (const problem of problems) console.error(`failpoints: ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1
