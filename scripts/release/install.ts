import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type Consumer, fileOf, lockfileOf, readLockfile, specifierOf, TARBALLS } from './lockfile.ts'
import { demandPnpm } from './pnpm.ts'
import type { Tarball } from './tarball.ts'

/**
 * Installs tarballs in folders outside the workspace: each consumer sees what it names and no more, and each package
 * what it declares. Nothing is asked of a registry.
 */
export function install(
  root: string,
  outside: string,
  tarballs: readonly Tarball[],
  consumers: readonly Consumer[],
): void {
  const workspace = readLockfile(root)
  mkdirSync(join(outside, TARBALLS), { recursive: true })
  for (const tarball of tarballs) copyFileSync(tarball.file, join(outside, TARBALLS, fileOf(tarball)))

  const write = (file: string, content: object) => writeFileSync(join(outside, file), JSON.stringify(content))
  write('package.json', { private: true })
  // JSON is YAML.
  write('pnpm-lock.yaml', lockfileOf(workspace, tarballs, consumers))
  const { allowBuilds } = parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')) as {
    allowBuilds?: object
  }
  const packages = consumers.map(({ folder }) => folder)
  write('pnpm-workspace.yaml', {
    packages,
    // A package is not to import what only another one depends on.
    hoist: false,
    // What is not ours has been checked when the workspace was installed, from the same entries.
    trustLockfile: true,
    pmOnFail: 'ignore',
    allowBuilds,
  })
  for (const { folder, of, dependencies } of consumers) {
    mkdirSync(join(outside, folder), { recursive: true })
    write(`${folder}/package.json`, {
      name: `consumer-${folder.replaceAll('/', '-')}`,
      private: true,
      type: 'module',
      dependencies: Object.fromEntries(
        dependencies.map((name) => [name, specifierOf(workspace, tarballs, { folder, of }, name)]),
      ),
    })
  }
  demandPnpm(root, ['install', '--frozen-lockfile', '--offline'], outside)
}
