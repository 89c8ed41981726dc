import type { PackedManifest } from './tarball.ts'

export interface Ordered {
  readonly name: string
  readonly manifest: Pick<PackedManifest, 'dependencies' | 'peerDependencies' | 'optionalDependencies'>
}

/**
 * What others need comes first, so that no moment has a package on the registry whose dependency is not there.
 * @throws Error with the members of a cycle
 */
export function publishOrder<Package extends Ordered>(packages: readonly Package[]): Package[] {
  const byName = new Map(packages.map((one) => [one.name, one]))
  const ordered = new Set<Package>()
  const visit = (one: Package, path: readonly string[]): void => {
    if (ordered.has(one)) return
    if (path.includes(one.name)) {
      throw new Error(
        `packages need one another: ${[...path, one.name].join(' -> ')}; take one of these arrows away`,
      )
    }
    const { dependencies, peerDependencies, optionalDependencies } = one.manifest
    for (const name of Object.keys({
      ...dependencies,
      ...peerDependencies,
      ...optionalDependencies,
    }).sort()) {
      const needed = byName.get(name)
      if (needed) visit(needed, [...path, one.name])
    }
    ordered.add(one)
  }
  for (const name of [...byName.keys()].sort()) visit(byName.get(name) as Package, [])
  return [...ordered]
}
