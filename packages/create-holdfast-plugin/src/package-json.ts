import type { Kind, Names } from './names.ts'
import { nodeRange, rangeOf } from './versions.ts'

const DESCRIPTION = {
  backend: 'A storage backend for Holdfast',
  plugin: 'A plugin for Holdfast',
} satisfies Record<Kind, string>

const TOOLS = [
  '@changesets/cli',
  '@holdfast/core',
  '@holdfast/testkit',
  '@types/node',
  'tsup',
  'typescript',
  'vitest',
]

/** The text of the new package's package.json. */
export function packageJsonOf(kind: Kind, { name }: Names): string {
  const manifest = {
    name,
    version: '0.1.0',
    description: DESCRIPTION[kind],
    keywords: ['holdfast', 'holdfast-plugin', ...(kind === 'backend' ? ['holdfast-backend'] : [])],
    license: 'MIT',
    type: 'module',
    engines: { node: nodeRange() },
    files: ['dist', 'CHANGELOG.md'],
    // Without `default` a config file in another folder cannot resolve the package.
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    publishConfig: { access: 'public' },
    scripts: {
      build: 'tsup && tsc -p tsconfig.build.json',
      test: 'npm run build && tsc -p tsconfig.json && vitest run',
      release: 'npm test && changeset publish',
    },
    // Two copies of core are two kernels: the node brings it.
    peerDependencies: { '@holdfast/core': rangeOf('@holdfast/core') },
    devDependencies: Object.fromEntries(TOOLS.map((tool) => [tool, rangeOf(tool)])),
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}
