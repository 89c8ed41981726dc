import semver from 'semver'
import type { WorkspacePackage } from '../workspace.ts'

const CORE = '@holdfast/core'

/** What a plugin says of itself on npm; the ones that a node loads by name have it. */
const PLUGIN = 'holdfast-plugin'

/** Whether the peers of our packages are real ranges that hold in this workspace. Each problem names its cure. */
export function peerProblems(packages: readonly WorkspacePackage[]): string[] {
  const versions = new Map(packages.map(({ manifest }) => [manifest.name, manifest.version]))
  return packages.flatMap(({ path, manifest }) => {
    const { name, keywords = [], peerDependencies = {}, devDependencies = {} } = manifest
    const at = `${path}/package.json`
    const problems = Object.entries(peerDependencies).flatMap(([peer, range]) => {
      const problem = rangeProblem(peer, range, versions.get(peer))
      return [
        ...(problem === undefined ? [] : [`${at}: ${problem}`]),
        // Tests need the peer, and the workspace must not take it from a registry.
        ...(peer in devDependencies ? [] : [`${at}: the peer ${peer} is no devDependency: add it there too`]),
      ]
    })
    if (keywords.includes(PLUGIN) && name !== CORE && !(CORE in peerDependencies)) {
      const core = versions.get(CORE)
      problems.push(`${at}: a plugin has core as a peer: "peerDependencies": { "${CORE}": "^${core}" }`)
    }
    return problems
  })
}

function rangeProblem(peer: string, range: string, version: string | undefined): string | undefined {
  const real = semver.validRange(range)
  if (real === null)
    return `the peer ${peer} is ${range}: write a range by hand, such as ^${version ?? '1.0.0'}`
  if (real === '*') return `the peer ${peer} is any version: write a range, such as ^${version ?? '1.0.0'}`
  if (version === undefined || semver.satisfies(version, range)) return undefined
  return `the peer ${peer} is ${range}, and the workspace has ${version}: widen it to ${range} || ^${version}`
}
