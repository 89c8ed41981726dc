import { posix } from 'node:path'
import { cyclesOf } from './cycles.ts'
import type { Import, Module, PackageSources } from './read.ts'

/** The kernel stays light: a package that is not here, a native module above all, belongs in a plugin. */
const KERNEL_IMPORTS = ['awilix', 'convict', 'croner', 'pino', 'tapable', 'ulid']

const CORE = '@holdfast/core'
const ERASE = '@holdfast/core/erase'
const ERASER = 'packages/manifest/src/eraser.ts'

/** Which packages of ours a package may import, by folder. Everything that is not named is a plugin. */
const OURS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  // What `npm install holdfast` brings: a node that runs alone, with retention and its commands.
  holdfast: [CORE, '@holdfast/manifest', '@holdfast/backend-local', '@holdfast/plugin-retention'],
  'create-holdfast-plugin': [],
}
const PLUGIN = [CORE]

/** The arrows between our packages, checked on what was read. Each problem is one line with file and line. */
export function problemsOf(packages: readonly PackageSources[]): string[] {
  if (packages.length === 0) return ['packages: no package was read']
  return packages.flatMap((pkg) => [
    ...(pkg.src.length === 0 ? [`packages/${pkg.folder}/src: no module was read`] : []),
    ...manifestProblems(pkg),
    ...pkg.src.flatMap((module) => each(module, (used) => sourceProblem(pkg, module, used))),
    ...[...pkg.src, ...pkg.test].flatMap((module) =>
      each(module, (used) => boundaryProblem(pkg, module, used)),
    ),
    ...cyclesOf(pkg.src).map((cycle) => `${cycle[0]}: circular import: ${cycle.join(' -> ')}`),
  ])
}

function each(module: Module, problem: (used: Import) => string | undefined): string[] {
  return module.imports.flatMap((used) => {
    const text = problem(used)
    return text === undefined ? [] : [`${module.file}:${used.line}: ${text}`]
  })
}

function sourceProblem(pkg: PackageSources, module: Module, used: Import): string | undefined {
  const { specifier } = used
  if (specifier === ERASE && module.file !== ERASER) return `only ${ERASER} may import ${ERASE}`
  if (isRelative(specifier)) {
    const target = posix.join(posix.dirname(module.file), specifier)
    const erase = /^packages\/core\/src\/erase\.[jt]s$/.test(target)
    return erase ? `${ERASE} is an entry of its own: nothing in core imports it` : undefined
  }
  if (specifier.startsWith('node:') || specifier.startsWith('#')) return undefined
  const name = packageOf(specifier)
  if (isOurs(name)) {
    const allowed = OURS[pkg.folder] ?? PLUGIN
    if (!allowed.includes(name)) {
      return `imports ${name}; of ours ${pkg.manifest.name} may import ${allowed.join(', ') || 'nothing'}`
    }
  } else if (pkg.folder === 'core' && !KERNEL_IMPORTS.includes(name)) {
    return `imports ${name}; the kernel imports node: and ${KERNEL_IMPORTS.join(', ')} only`
  }
  const { dependencies, peerDependencies, optionalDependencies } = pkg.manifest
  const declared = { ...dependencies, ...peerDependencies, ...optionalDependencies }
  return name in declared ? undefined : `imports ${name}, no dependency of ${pkg.manifest.name}`
}

function boundaryProblem(pkg: PackageSources, module: Module, used: Import): string | undefined {
  const { specifier } = used
  if (specifier.startsWith('/') || specifier.startsWith('file:')) return `imports the absolute ${specifier}`
  if (!isRelative(specifier)) return undefined
  const target = posix.join(posix.dirname(module.file), specifier)
  return target.startsWith(`packages/${pkg.folder}/`) ? undefined : `${specifier} leaves the package`
}

/** Two copies of core in one tree are two kernels: a plugin brings none. */
function manifestProblems(pkg: PackageSources): string[] {
  if (pkg.folder in OURS) return []
  const { dependencies, optionalDependencies } = pkg.manifest
  if (!(CORE in { ...dependencies, ...optionalDependencies })) return []
  return [`packages/${pkg.folder}/package.json: ${CORE} must be a peer dependency, not a dependency`]
}

const isRelative = (specifier: string) => /^\.\.?(\/|$)/.test(specifier)
const isOurs = (name: string) => name === 'holdfast' || name.startsWith('@holdfast/')

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
