import { readFileSync } from 'node:fs'
import { basename, join, posix } from 'node:path'
import { parse } from 'yaml'
import type { Tarball } from './tarball.ts'

/** The parts of pnpm's lockfile (version 9) that matter here. */
export interface Lockfile {
  readonly lockfileVersion: string
  readonly settings?: object
  readonly importers: Readonly<Record<string, Importer>>
  readonly packages: Readonly<Record<string, object>>
  readonly snapshots: Readonly<Record<string, object>>
}

interface Importer {
  readonly dependencies?: Readonly<Record<string, Locked>>
  readonly devDependencies?: Readonly<Record<string, Locked>>
  readonly optionalDependencies?: Readonly<Record<string, Locked>>
}

export interface Locked {
  readonly specifier: string
  readonly version: string
}

/** A folder outside the workspace, and what is to be installed in it. */
export interface Consumer {
  /** From the root of the installation, with `/` between folders. */
  readonly folder: string
  /** Whose locked versions it takes: the folder of a package under `packages/`. */
  readonly of: string
  readonly dependencies: readonly string[]
}

/** Where the tarballs are, seen from the folder that the lockfile is in. */
export const TARBALLS = 'tarballs'

export const readLockfile = (root: string): Lockfile =>
  parse(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')) as Lockfile

/**
 * The lockfile of consumers of tarballs: ours from the tarballs, everything else in the versions that the workspace
 * has. With it pnpm installs from its store and asks no registry.
 */
export function lockfileOf(
  workspace: Lockfile,
  tarballs: readonly Tarball[],
  consumers: readonly Consumer[],
): Lockfile {
  const ours = new Map(tarballs.map((tarball) => [tarball.name, pathOf(tarball)]))
  const versionOf = (of: string, name: string) => ours.get(name) ?? lockedOf(workspace, of, name).version
  return {
    lockfileVersion: workspace.lockfileVersion,
    settings: workspace.settings ?? {},
    importers: Object.fromEntries([
      ['.', {}],
      ...consumers.map(({ folder, of, dependencies }) => [
        folder,
        {
          dependencies: Object.fromEntries(
            dependencies.map((name) => [
              name,
              {
                specifier: specifierOf(workspace, tarballs, { folder, of }, name),
                version: versionOf(of, name),
              },
            ]),
          ),
        },
      ]),
    ]),
    packages: {
      ...workspace.packages,
      ...Object.fromEntries(
        tarballs.map((tarball) => {
          const { name, version, integrity, manifest } = tarball
          const { engines, peerDependencies } = manifest
          const resolution = { integrity, tarball: pathOf(tarball) }
          return [`${name}@${pathOf(tarball)}`, { resolution, version, engines, peerDependencies }]
        }),
      ),
    },
    snapshots: {
      ...workspace.snapshots,
      ...Object.fromEntries(
        tarballs.map((tarball) => {
          const names = neededBy(tarball)
          const dependencies = names.map((name) => [name, versionOf(tarball.folder, name)])
          return [`${tarball.name}@${pathOf(tarball)}`, { dependencies: Object.fromEntries(dependencies) }]
        }),
      ),
    },
  }
}

/** What the package.json of a consumer says for a dependency. */
export function specifierOf(
  workspace: Lockfile,
  tarballs: readonly Tarball[],
  { folder, of }: Pick<Consumer, 'folder' | 'of'>,
  name: string,
): string {
  const tarball = tarballs.find((other) => other.name === name)
  if (!tarball) return lockedOf(workspace, of, name).specifier
  return `file:${posix.relative(folder, TARBALLS)}/${fileOf(tarball)}`
}

/** Dependencies and peers; without the peers that it can do without. */
export function neededBy({ manifest }: Tarball): string[] {
  const { dependencies, peerDependencies, peerDependenciesMeta } = manifest
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => !peerDependenciesMeta?.[name]?.optional)
  return [...new Set([...Object.keys(dependencies ?? {}), ...peers])]
}

/** The package's own, or the workspace's: vitest, TypeScript and the types of Node are there for all. */
function lockedOf({ importers }: Lockfile, of: string, name: string): Locked {
  for (const folder of [`packages/${of}`, '.']) {
    const { dependencies, devDependencies, optionalDependencies } = importers[folder] ?? {}
    const locked = { ...dependencies, ...devDependencies, ...optionalDependencies }[name]
    if (locked) return locked
  }
  throw new Error(`pnpm-lock.yaml has no ${name} for packages/${of}: pnpm install`)
}

export const fileOf = ({ file }: Tarball): string => basename(file)
const pathOf = (tarball: Tarball) => `file:${TARBALLS}/${fileOf(tarball)}`
