import { cpSync, mkdtempDisposableSync, realpathSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { contentProblems } from '../release/contents.ts'
import { install } from '../release/install.ts'
import { packAll, type Tarball } from '../release/tarball.ts'

/** What every suite may use without naming it, as in the workspace. */
const TOOLS = ['vitest', 'typescript', '@types/node']

/** The tarballs of all packages, installed outside the workspace, each in a folder in which its tests can run. */
export function outsideOf(root: string) {
  const folder = mkdtempDisposableSync(join(realpathSync(tmpdir()), 'holdfast-packed-'))
  const path = folder.path
  try {
    const tarballs = packAll(root, join(path, 'packed'))
    const problems = tarballs.flatMap((tarball) => contentProblems(tarball, tarballs))
    if (problems.length > 0) throw new Error(problems.join('\n'))
    const consumers = tarballs.map((tarball) => ({
      folder: `packages/${tarball.folder}`,
      of: tarball.folder,
      dependencies: [...new Set([tarball.name, ...namedBy(root, tarball), ...TOOLS])],
    }))
    install(root, path, tarballs, consumers)
    cpSync(join(root, 'vitest.base.ts'), join(path, 'workspace.base.ts'))
    writeFileSync(
      join(path, 'vitest.base.ts'),
      `import { project as inWorkspace } from './workspace.base.ts'
export const project = (name: string) => inWorkspace(name, [])
`,
    )
    for (const tarball of tarballs) demandTarball(path, tarball)
    return { path, tarballs, [Symbol.dispose]: () => folder.remove() }
  } catch (error) {
    folder.remove()
    throw error
  }
}

/** What a package declares: its tests import no more than that. */
function namedBy(root: string, { folder, manifest }: Tarball): string[] {
  const { devDependencies } = createRequire(join(root, 'package.json'))(`./packages/${folder}/package.json`)
  const { dependencies, peerDependencies } = manifest
  return Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies })
}

/** @throws Error when the package's name would lead its tests to anything but its tarball */
function demandTarball(outside: string, { name, folder, manifest }: Tarball): void {
  if (manifest.exports === undefined) return
  const resolve = createRequire(join(outside, 'packages', folder, 'package.json')).resolve
  const found = realpathSync(resolve(`${name}/package.json`))
  if (found.startsWith(join(outside, 'node_modules') + sep)) return
  throw new Error(`${name} is found at ${found}, not in the tarball that was installed`)
}
