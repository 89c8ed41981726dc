// Whether what would be published is whole: packs every public package, judges each tarball, installs it outside the
// workspace and imports it. Needs `pnpm run build`. `pnpm run release` begins with it.
import { mkdtempDisposableSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tarballProblems } from './release/judge.ts'
import { packAll } from './release/tarball.ts'
import { readArguments } from './workspace.ts'

const { root } = readArguments()
using folder = mkdtempDisposableSync(join(realpathSync(tmpdir()), 'holdfast-tarballs-'))
const tarballs = packAll(root, join(folder.path, 'packed'))
const problems = await tarballProblems(root, join(folder.path, 'installed'), tarballs)
for (const problem of problems) console.error(`tarballs: ${problem}`)
console.log(`tarballs: ${tarballs.length} packed, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
