import semver from 'semver'
import type { Registered } from './registry.ts'
import type { Tarball } from './tarball.ts'

export type Step =
  | { readonly kind: 'publish'; readonly tarball: Tarball; readonly tag: string }
  | { readonly kind: 'skip'; readonly tarball: Tarball }

export interface Plan {
  readonly steps: readonly Step[]
  readonly problems: readonly string[]
}

/** What is to be published, in the given order. A version that is there already is skipped: a release can be repeated. */
export function planOf(ordered: readonly Tarball[], registry: ReadonlyMap<string, Registered>): Plan {
  const steps = ordered.map((tarball): Step => {
    const known = registry.get(tarball.name)
    if (!known) throw new TypeError(`nobody has asked the registry for ${tarball.name}`)
    const there = known.kind === 'published' && known.versions.includes(tarball.version)
    return there ? { kind: 'skip', tarball } : { kind: 'publish', tarball, tag: tagOf(tarball.version) }
  })
  const problems = steps.flatMap((step) => {
    const known = registry.get(step.tarball.name)
    if (step.kind === 'skip' || known?.kind !== 'published') return []
    const current = known.tags[step.tag]
    if (current === undefined || semver.gt(step.tarball.version, current)) return []
    const { name, version } = step.tarball
    return [
      `${name} ${version} would move the tag ${step.tag} back from ${current}: give it a version above ${current}`,
    ]
  })
  return { steps, problems }
}

/** `1.2.0-rc.3` is published as `rc`, so that nobody gets it who has not asked for it. */
function tagOf(version: string): string {
  const [label] = semver.prerelease(version) ?? []
  if (label === undefined) return 'latest'
  return typeof label === 'string' ? label : 'next'
}
