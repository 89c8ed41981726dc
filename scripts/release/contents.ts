import semver from 'semver'
import { binariesOf, type Tarball } from './tarball.ts'

/** What a user needs to find in every tarball. */
const REQUIRED = ['package.json', 'README.md', 'LICENSE']

/** What belongs to the workspace. */
const FOREIGN = /^(src|test|node_modules|\.types)\/|^[^/]*\.tsbuildinfo$/

/** Scripts that would run on the machine of whoever installs the package. */
const AT_INSTALL = ['preinstall', 'install', 'postinstall', 'prepare']

/** What is wrong with a tarball that no linter of packages knows: ranges that only we can judge, files of ours. */
export function contentProblems(tarball: Tarball, all: readonly Tarball[]): string[] {
  const { name, files, manifest } = tarball
  return [
    ...REQUIRED.filter((file) => !files.includes(file)).map(
      (file) => `has no ${file}: add it to the package`,
    ),
    ...files
      .filter((file) => FOREIGN.test(file))
      .map((file) => `contains ${file}: narrow "files" in package.json`),
    ...targetsOf(manifest.exports)
      .filter((target) => !files.includes(target))
      .map((target) => `exports ${target}, which it does not contain: pnpm run build`),
    ...binariesOf(manifest)
      .map((file) => file.replace(/^\.\//, ''))
      .filter((file) => !files.includes(file))
      .map((file) => `has the command ${file}, which it does not contain: pnpm run build`),
    ...AT_INSTALL.filter((script) => script in (manifest.scripts ?? {})).map(
      (script) => `runs a script at its installation (${script}): take it out`,
    ),
    ...(manifest.private ? ['is private: it cannot be published'] : []),
    ...rangeProblems(tarball, all),
  ].map((problem) => `${name} ${problem}`)
}

function rangeProblems({ manifest }: Tarball, all: readonly Tarball[]): string[] {
  const { dependencies, peerDependencies, optionalDependencies } = manifest
  const kinds = Object.entries({ dependencies, peerDependencies, optionalDependencies })
  return kinds.flatMap(([kind, ranges]) =>
    Object.entries(ranges ?? {}).flatMap(([name, range]) => {
      if (semver.validRange(range) === null) {
        return [`says "${name}": "${range}" in its ${kind}, which nobody can install: pack it with pnpm`]
      }
      const version = all.find((other) => other.name === name)?.version
      if (version === undefined || semver.satisfies(version, range)) return []
      return [`wants ${name} ${range}, which ${version} is not: widen the range in ${kind}`]
    }),
  )
}

/** Every file that `exports` leads to, under any condition; patterns are left out. */
function targetsOf(exports: unknown): string[] {
  if (typeof exports === 'string') return exports.includes('*') ? [] : [exports.replace(/^\.\//, '')]
  if (typeof exports !== 'object' || exports === null) return []
  return Object.values(exports).flatMap(targetsOf)
}
