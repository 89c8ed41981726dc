import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { type PackageManifest, packagesOf } from '../workspace.ts'
import { demandPnpm } from './pnpm.ts'

/** The package.json of a tarball: with what pnpm has made of `workspace:` ranges. */
export interface PackedManifest extends PackageManifest {
  readonly version: string
  readonly exports?: unknown
  readonly bin?: string | Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly engines?: Readonly<Record<string, string>>
  readonly repository?: unknown
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

export interface Tarball {
  readonly name: string
  readonly version: string
  /** Name of the package's folder under `packages/`. */
  readonly folder: string
  /** Absolute path of the .tgz. */
  readonly file: string
  /** As lockfiles write it: `sha512-...`. */
  readonly integrity: string
  /** Paths in it, without the leading `package/`. */
  readonly files: readonly string[]
  readonly manifest: PackedManifest
}

/** Packs every package under `packages/` that is not private into a folder, as it would be published. */
export function packAll(root: string, into: string): Tarball[] {
  const folders = new Map(
    packagesOf(root)
      .filter(({ manifest }) => !manifest.private)
      .map(({ folder, manifest }) => [manifest.name, folder]),
  )
  if (folders.size === 0) throw new Error('there is no public package under packages/')
  mkdirSync(into, { recursive: true })
  const filters = [...folders.values()].map((folder) => `--filter=./packages/${folder}`)
  const args = ['--recursive', ...filters, 'pack', '--json', '--pack-destination', into]
  const said = JSON.parse(demandPnpm(root, args)) as Packed | readonly Packed[]
  return [said].flat().map(({ name, version, filename, integrity, files }) => ({
    name,
    version,
    folder: folders.get(name) as string,
    file: filename,
    integrity,
    files: files.map(({ path }) => path),
    manifest: JSON.parse(
      execFileSync('tar', ['-xzOf', filename, 'package/package.json'], { encoding: 'utf8' }),
    ) as PackedManifest,
  }))
}

/** What `pnpm pack --json` says of a package. */
interface Packed {
  readonly name: string
  readonly version: string
  readonly filename: string
  readonly integrity: string
  readonly files: readonly { readonly path: string }[]
}

export const bytesOf = (tarball: Tarball): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(readFileSync(tarball.file))

/** The ways into a package: `''` is its name alone, `'/erase'` an entry below it. Patterns and package.json are none. */
export function entriesOf({ exports }: PackedManifest): string[] {
  if (exports === undefined) return []
  if (typeof exports === 'string' || exports === null) return ['']
  const keys = Object.keys(exports as object).filter((key) => key.startsWith('.'))
  if (keys.length === 0) return ['']
  return keys.filter((key) => !key.includes('*') && !key.endsWith('.json')).map((key) => key.slice(1))
}

export const binariesOf = ({ bin = {} }: PackedManifest): string[] =>
  typeof bin === 'string' ? [bin] : Object.values(bin)
