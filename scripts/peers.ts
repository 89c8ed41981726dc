// Whether the peer ranges of our packages and examples hold. The rules: release/peers.ts
import { peerProblems } from './release/peers.ts'
import { examplesOf, packagesOf, readArguments } from './workspace.ts'

const { root } = readArguments()
const packages = [...packagesOf(root), ...examplesOf(root)]
const problems = packages.length === 0 ? ['no package was read'] : peerProblems(packages)
for (const problem of problems) console.error(`peers: ${problem}`)

const ranges = packages.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {}))
console.log(`peers: ${ranges.length} ranges of ${packages.length} packages read, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
