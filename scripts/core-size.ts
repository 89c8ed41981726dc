import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { median } from '../bench/pairs.ts'

/** `pnpm run core-size`: how large core is, and how long it takes to load. Exits 1 when its tree has a native module. */
const core = join(import.meta.dirname, '..', 'packages', 'core')
const manifest = JSON.parse(readFileSync(join(core, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}

if (!existsSync(join(core, 'dist', 'index.js'))) {
  console.error('core-size: core is not built; pnpm run build')
  process.exit(1)
}

const sources = globSync('src/**/*.ts', { cwd: core })
const lines = sources.reduce(
  (sum, file) => sum + readFileSync(join(core, file), 'utf8').split('\n').length - 1,
  0,
)

/** Every package that installing core brings, itself included, by real path. */
function tree(folder: string, seen = new Set<string>()): Set<string> {
  if (seen.has(folder)) return seen
  seen.add(folder)
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  for (const name of Object.keys(dependencies)) tree(realpathSync(find(folder, name)), seen)
  return seen
}

/** Node's own search for a package: the node_modules of each folder upwards. */
function find(from: string, name: string): string {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    if (existsSync(folder)) return folder
    if (at === dirname(at)) throw new Error(`${name} is not installed for ${from}`)
  }
}

const packages = [...tree(core)]
const files = packages.flatMap((folder) =>
  globSync(folder === core ? 'dist/**/*' : '**/*', {
    cwd: folder,
    exclude: (name) => name === 'node_modules' || name.endsWith('/node_modules'),
  })
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile()),
)
const native = files.filter((file) => file.endsWith('.node') || file.endsWith('binding.gyp'))
const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)

/** Median of the whole-process times of importing a module, ms. */
function importTime(module: string): number {
  const times = Array.from({ length: 11 }, () => {
    const start = performance.now()
    execFileSync(process.execPath, ['-e', `import(${JSON.stringify(module)})`], { cwd: core })
    return performance.now() - start
  })
  return median(times.slice(1))
}

const empty = importTime('data:text/javascript,')
const loaded = importTime('@holdfast/core')
console.log(
  JSON.stringify({
    files: sources.length,
    lines,
    dependencies: Object.keys(manifest.dependencies).length,
    packagesInstalled: packages.length - 1,
    installBytes: bytes,
    nativeModules: native.length,
    importMs: Math.round(loaded),
    emptyModuleMs: Math.round(empty),
  }),
)
if (native.length > 0) {
  console.error(`core must not bring a native module, but has ${native.join(', ')}`)
  process.exit(1)
}
