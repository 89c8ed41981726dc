import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export const MUTANTS = 'test/mutants'
const MAX_LINES = 5

export interface Mutant {
  /** The guarantee whose tests must turn red. */
  readonly id: string
  readonly file: string
  readonly path: string
}

/** The patches in the folder, and what else lies there as problems. */
export function findMutants(root: string): { mutants: Mutant[]; problems: string[] } {
  const folder = join(root, MUTANTS)
  const files = existsSync(folder) ? readdirSync(folder).sort() : []
  const mutants: Mutant[] = []
  const problems: string[] = []
  for (const file of files) {
    const id = /^([A-Z]-\d\d)(-[^/]+)?\.patch$/.exec(file)?.[1]
    if (id !== undefined) mutants.push({ id, file, path: join(folder, file) })
    else if (file !== 'README.md') problems.push(`${file}: not named <id>.patch or <id>-<what>.patch`)
  }
  return { mutants, problems }
}

/** Why git would not apply the patch to the tree, or why it is no mutant. */
export function patchProblem(tree: string, { path }: Mutant): string | undefined {
  const { status, stdout, stderr } = gitApply(tree, ['--check', '--numstat', path])
  if (status !== 0) return `does not apply: ${stderr.trim().split('\n')[0]}`
  const changes = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
  const lines = changes.reduce((sum, [added, removed]) => sum + Math.max(Number(added), Number(removed)), 0)
  if (!(lines >= 1 && lines <= MAX_LINES)) return `changes ${lines} lines; a mutant changes 1 to ${MAX_LINES}`
  const outside = changes.find(([, , file]) => !/^packages\/[^/]+\/src\//.test(file ?? ''))
  return outside ? `changes ${outside[2]}; a mutant changes sources of packages only` : undefined
}

export function applyPatch(tree: string, { path }: Mutant): void {
  const { status, stderr } = gitApply(tree, [path])
  if (status !== 0) throw new Error(`git apply ${path}: ${stderr}`)
}

export function revertPatch(tree: string, { path }: Mutant): void {
  const { status, stderr } = gitApply(tree, ['--reverse', path])
  if (status !== 0) throw new Error(`git apply --reverse ${path}: ${stderr}`)
}

/** Outside of any repository: inside one, git apply silently skips what lies outside of it. */
function gitApply(tree: string, args: readonly string[]) {
  const env = { ...process.env, GIT_DIR: join(tree, '.no-repository') }
  return spawnSync('git', ['apply', ...args], { cwd: tree, env, encoding: 'utf8' })
}
