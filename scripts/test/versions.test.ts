import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import semver from 'semver'
import { describe, expect, it } from 'vitest'
import { packagesOf, type WorkspacePackage } from '../workspace.ts'
import { tree } from './fixture.ts'

const ROOT = dirname(dirname(import.meta.dirname))
const CHANGESETS = dirname(createRequire(import.meta.url).resolve('@changesets/cli/package.json'))
const CREATE = 'create-holdfast-plugin'

type Manifest = WorkspacePackage['manifest']

/** The manifests of this workspace after the real `changeset version`, with these changes in one changeset. */
function released(changes: Readonly<Record<string, 'patch' | 'minor'>>): ReadonlyMap<string, Manifest> {
  const files = ['package.json', 'pnpm-workspace.yaml', '.changeset/config.json']
  const manifests = packagesOf(ROOT).map(({ path }) => `${path}/package.json`)
  const lines = Object.entries(changes).map(([name, kind]) => `"${name}": ${kind}`)
  using made = tree({
    ...Object.fromEntries(
      [...files, ...manifests].map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]),
    ),
    '.changeset/brave-dogs.md': `---\n${lines.join('\n')}\n---\n\nIt changes.\n`,
  })
  const run = (command: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: made.root, encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
  }
  run('git', 'init', '-q', '-b', 'main')
  run('git', 'add', '.')
  run('git', '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-qm', 'all')
  run(process.execPath, join(CHANGESETS, 'bin.js'), 'version')
  return new Map(packagesOf(made.root).map(({ manifest }) => [manifest.name, manifest]))
}

const before = new Map(packagesOf(ROOT).map(({ manifest }) => [manifest.name, manifest]))
const versionOf = (manifests: ReadonlyMap<string, Manifest>, name: string) =>
  manifests.get(name)?.version ?? ''

describe('a release', () => {
  it.each(['@holdfast/core', '@holdfast/testkit'])(
    'with a minor version of %s brings what `npm create` emits',
    (name) => {
      const after = released({ [name]: 'minor' })
      const moved = versionOf(after, name)
      expect(semver.diff(versionOf(before, name), moved)).toBe('minor')
      expect(semver.gt(versionOf(after, CREATE), versionOf(before, CREATE))).toBe(true)
      const { peerDependencies = {} } = after.get(CREATE) ?? {}
      expect(semver.satisfies(moved, peerDependencies[name] ?? 'none')).toBe(true)
      // What it emits can be installed together: the suite of that release takes the core of that release.
      const suite = after.get('@holdfast/testkit')
      expect(semver.satisfies(suite?.version ?? '', peerDependencies['@holdfast/testkit'] ?? 'none')).toBe(
        true,
      )
      expect(
        semver.satisfies(
          versionOf(after, '@holdfast/core'),
          suite?.peerDependencies?.['@holdfast/core'] ?? 'none',
        ),
      ).toBe(true)
    },
  )

  it('with a patch of core touches nobody who has it as a peer', () => {
    const after = released({ '@holdfast/core': 'patch' })
    expect(semver.diff(versionOf(before, '@holdfast/core'), versionOf(after, '@holdfast/core'))).toBe('patch')
    for (const [name, { peerDependencies }] of before)
      if (peerDependencies && '@holdfast/core' in peerDependencies)
        expect(after.get(name)?.version, name).toBe(before.get(name)?.version)
  })
})
