import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  realpathSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'

/** A copy of the working tree, uncommitted changes and all, in which the tests run against the copied sources. */
export function scratchCopy(original: string) {
  const root = realpathSync(original)
  const folder = mkdtempDisposableSync(join(realpathSync(tmpdir()), 'holdfast-mutants-'))
  try {
    for (const file of workingTree(root)) {
      cpSync(join(root, file), join(folder.path, file), { verbatimSymlinks: true })
    }
    for (const modules of installedFolders(root)) linkModules(root, folder.path, modules)
  } catch (error) {
    folder.remove()
    throw error
  }
  return { root: folder.path, [Symbol.dispose]: () => folder.remove() }
}

function workingTree(root: string): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const { status, stdout, stderr } = spawnSync('git', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`git ls-files: ${stderr}`)
  return stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)))
}

function installedFolders(root: string): string[] {
  const members = ['packages', 'examples'].flatMap((group) =>
    existsSync(join(root, group)) ? readdirSync(join(root, group)).map((name) => join(group, name)) : [],
  )
  return ['.', 'bench', 'simulation', ...members]
    .map((folder) => join(folder, 'node_modules'))
    .filter((folder) => existsSync(join(root, folder)))
}

/**
 * Our own packages are links into the workspace: in the copy they must lead to the copy, or the tests would run
 * against the originals. Everything else leads to what is installed.
 */
function linkModules(root: string, copy: string, modules: string): void {
  mkdirSync(join(copy, modules), { recursive: true })
  for (const name of readdirSync(join(root, modules))) {
    const entry = join(modules, name)
    if (name.startsWith('@')) {
      linkModules(root, copy, entry)
    } else if (lstatSync(join(root, entry)).isSymbolicLink()) {
      const target = realpathSync(join(root, entry))
      symlinkSync(isOurs(root, target) ? join(copy, relative(root, target)) : target, join(copy, entry))
    } else if (!name.startsWith('.')) {
      symlinkSync(join(root, entry), join(copy, entry))
    }
  }
}

function isOurs(root: string, target: string): boolean {
  return target.startsWith(root + sep) && !relative(root, target).split(sep).includes('node_modules')
}
