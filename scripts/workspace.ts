import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

export interface PackageManifest {
  readonly name: string
  readonly version?: string
  readonly private?: boolean
  readonly keywords?: readonly string[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export interface WorkspacePackage {
  /** Name of the folder under `packages/`. */
  readonly folder: string
  /** From the root: `packages/core`. */
  readonly path: string
  readonly manifest: PackageManifest
}

/** Every script works on its own repository, or on the tree given by `--root`. */
export function readArguments<Flag extends string = never>(flags: readonly Flag[] = []) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      root: { type: 'string' as const },
      ...Object.fromEntries(flags.map((flag) => [flag, { type: 'boolean' as const }])),
    },
  })
  const root = values.root ?? dirname(dirname(fileURLToPath(import.meta.url)))
  const given = new Set(Object.keys(values))
  return { root, positionals, has: (flag: Flag) => given.has(flag) }
}

export const packagesOf = (root: string): WorkspacePackage[] => packagesIn(root, 'packages')
export const examplesOf = (root: string): WorkspacePackage[] => packagesIn(root, 'examples')

function packagesIn(root: string, top: string): WorkspacePackage[] {
  const folders = join(root, top)
  if (!existsSync(folders)) return []
  return readdirSync(folders)
    .sort()
    .filter((folder) => existsSync(join(folders, folder, 'package.json')))
    .map((folder) => {
      const path = `${top}/${folder}`
      const manifest: PackageManifest = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
      return { folder, path, manifest }
    })
}

/** Files below a folder as paths relative to the root, with `/` on every system; none if it is missing. */
export function filesBelow(root: string, folder: string, pattern: RegExp): string[] {
  const top = join(root, folder)
  if (!existsSync(top)) return []
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !file.includes('/node_modules/'))
    .sort()
}
