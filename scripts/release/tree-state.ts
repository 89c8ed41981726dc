import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Why the working tree is not what a release should be made of. */
export function treeProblems(root: string): string[] {
  const pending = changesets(root)
  const { status, stdout, stderr } = spawnSync('git', ['status', '--porcelain'], {
    cwd: root,
    encoding: 'utf8',
  })
  const changed = stdout?.trim().split('\n').filter(Boolean) ?? []
  return [
    ...(status === 0 ? [] : [`git does not say what has changed: ${stderr?.trim()}`]),
    ...(changed.length === 0
      ? []
      : [`${changed.length} files are not committed: commit them, or put them away`]),
    ...(pending.length === 0
      ? []
      : [`${pending.length} changesets are in no version yet: pnpm run versions, and commit what it wrote`]),
  ]
}

function changesets(root: string): string[] {
  const folder = join(root, '.changeset')
  if (!existsSync(folder)) return []
  return readdirSync(folder).filter((file) => file.endsWith('.md') && file !== 'README.md')
}
