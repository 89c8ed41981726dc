import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

interface Manifest {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

function own(): Manifest {
  // The same path from `src` and from `dist`.
  return require('../package.json') as Manifest
}

/**
 * The range of a package that a new one depends on: the one that this package was made and tested with. Ours are
 * optional peers. They are not installed, and a release of theirs that leaves the range brings a release of this one.
 */
export function rangeOf(name: string): string {
  const { peerDependencies, devDependencies } = own()
  const range = peerDependencies[name] ?? devDependencies[name]
  if (range === undefined) throw new TypeError(`${name} is no dependency of this package`)
  return range
}

export function nodeRange(): string {
  return own().engines.node
}

export function ownVersion(): string {
  return own().version
}
