import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

interface Manifest {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly devDependencies: Readonly<Record<string, string>>
}

function own(): Manifest {
  // The same path from `src` and from `dist`.
  return require('../package.json') as Manifest
}

/** The range of a package that a new one depends on: the one that this package was made and tested with. */
export function rangeOf(name: string): string {
  const range = own().devDependencies[name]
  if (range === undefined) throw new TypeError(`${name} is no devDependency of this package`)
  // `pnpm pack` puts the version there; in the workspace it has not yet.
  if (!range.startsWith('workspace:')) return range
  return `^${(require(`${name}/package.json`) as Manifest).version}`
}

export function nodeRange(): string {
  return own().engines.node
}

export function ownVersion(): string {
  return own().version
}
