import type { Files } from './fixture.ts'

const manifest = (name: string, fields: object = {}) => JSON.stringify({ name, ...fields })
const plugin = (name: string) => manifest(name, { peerDependencies: { '@holdfast/core': '^0.1.0' } })

/** A workspace in which every rule holds. */
export const SOUND: Files = {
  'packages/core/package.json': manifest('@holdfast/core', { dependencies: { pino: '1', tapable: '1' } }),
  'packages/core/src/index.ts': `import { readFile } from 'node:fs/promises'\nimport { pino } from 'pino'\nexport * from './a.ts'`,
  'packages/core/src/a.ts': `import type { B } from './b.ts'\nexport type A = B`,
  'packages/core/src/b.ts': `import { a } from './a.ts'\nexport type B = typeof a`,
  'packages/core/src/erase.ts': `export const fullBackend = 1`,
  'packages/manifest/package.json': plugin('@holdfast/manifest'),
  'packages/manifest/src/eraser.ts': `import { fullBackend } from '@holdfast/core/erase'`,
  'packages/plugin-x/package.json': plugin('@holdfast/plugin-x'),
  'packages/plugin-x/src/index.ts': `import { definePlugin } from '@holdfast/core'\ndeclare module '@holdfast/core' {}`,
  'packages/plugin-x/test/x.test.ts': `import { manifest } from '@holdfast/manifest'\nimport { x } from '../src/index.ts'`,
  'packages/testkit/package.json': plugin('@holdfast/testkit'),
  'packages/testkit/src/index.ts': `import { createNode } from '@holdfast/core'`,
  'packages/holdfast/package.json': manifest('holdfast', {
    dependencies: { '@holdfast/core': '1', '@holdfast/manifest': '1', '@holdfast/backend-local': '1' },
  }),
  'packages/holdfast/src/index.ts': `export { createNode } from '@holdfast/core'\nimport '@holdfast/manifest'\nimport '@holdfast/backend-local'`,
}

/** What to plant into the sound workspace, and what must be said about it. */
export const VIOLATIONS: readonly [name: string, files: Files, message: RegExp][] = [
  [
    'the kernel importing a package of ours',
    { 'packages/core/src/x.ts': `\nimport { manifest } from '@holdfast/manifest'` },
    /core\/src\/x\.ts:2: imports @holdfast\/manifest; of ours @holdfast\/core may import nothing/,
  ],
  [
    'the kernel importing a native module, declared or not, types or not',
    {
      'packages/core/package.json': manifest('@holdfast/core', { dependencies: { pino: '1', lmdb: '3' } }),
      'packages/core/src/x.ts': `import type { Database } from 'lmdb'`,
    },
    /core\/src\/x\.ts:1: imports lmdb; the kernel imports node: and /,
  ],
  [
    'a plugin importing another plugin dynamically',
    { 'packages/plugin-x/src/x.ts': `const load = () => import('@holdfast/manifest')` },
    /plugin-x\/src\/x\.ts:1: imports @holdfast\/manifest; of ours @holdfast\/plugin-x may import @holdfast\/core/,
  ],
  [
    'a plugin importing the preset for its types',
    { 'packages/plugin-x/src/x.ts': `export type X = import('holdfast').Options` },
    /imports holdfast; of ours/,
  ],
  [
    'the testkit importing the manifest',
    { 'packages/testkit/src/x.ts': `export * from '@holdfast/manifest'` },
    /testkit\/src\/x\.ts:1: imports @holdfast\/manifest/,
  ],
  [
    'the preset importing a plugin that is not in its preset',
    { 'packages/holdfast/src/x.ts': `import '@holdfast/plugin-x'` },
    /holdfast\/src\/x\.ts:1: imports @holdfast\/plugin-x/,
  ],
  [
    'a plugin importing the right to erase',
    { 'packages/plugin-x/src/x.ts': `import { fullBackend } from '@holdfast/core/erase'` },
    /plugin-x\/src\/x\.ts:1: only packages\/manifest\/src\/eraser\.ts may import @holdfast\/core\/erase/,
  ],
  [
    'another file of the manifest importing the right to erase',
    { 'packages/manifest/src/x.ts': `const { fullBackend } = await import('@holdfast/core/erase')` },
    /manifest\/src\/x\.ts:1: only packages/,
  ],
  [
    'the kernel handing out the right to erase',
    { 'packages/core/src/x.ts': `export * from './erase.ts'` },
    /core\/src\/x\.ts:1: @holdfast\/core\/erase is an entry of its own/,
  ],
  [
    'a source reaching into another package by path',
    { 'packages/plugin-x/src/x.ts': `import { a } from '../../core/src/a.ts'` },
    /\.\.\/\.\.\/core\/src\/a\.ts leaves the package/,
  ],
  [
    'a test reaching into another package by path',
    { 'packages/plugin-x/test/y.ts': `import { a } from '../../core/src/a.ts'` },
    /plugin-x\/test\/y\.ts:1: .* leaves the package/,
  ],
  [
    'an undeclared dependency',
    { 'packages/plugin-x/src/x.ts': `import picomatch from 'picomatch/posix.js'` },
    /imports picomatch, no dependency of @holdfast\/plugin-x/,
  ],
  [
    'a dependency that is only there for development',
    {
      'packages/plugin-x/package.json': manifest('@holdfast/plugin-x', {
        devDependencies: { '@holdfast/core': 'workspace:*' },
      }),
      'packages/plugin-x/src/index.ts': `import '@holdfast/core'`,
    },
    /imports @holdfast\/core, no dependency of @holdfast\/plugin-x/,
  ],
  [
    'a plugin that brings its own core',
    {
      'packages/plugin-x/package.json': manifest('@holdfast/plugin-x', {
        dependencies: { '@holdfast/core': '^0.1.0' },
      }),
    },
    /plugin-x\/package\.json: @holdfast\/core must be a peer dependency/,
  ],
  [
    'a circular import',
    {
      'packages/plugin-x/src/one.ts': `import { two } from './two.ts'`,
      'packages/plugin-x/src/two.ts': `export { three } from './sub/three.js'`,
      'packages/plugin-x/src/sub/three.ts': `import { type One } from '../one.ts'`,
    },
    /circular import: packages\/plugin-x\/src\/.* -> .* -> .* -> /,
  ],
  [
    'a package without a module',
    { 'packages/plugin-y/package.json': plugin('@holdfast/plugin-y') },
    /packages\/plugin-y\/src: no module was read/,
  ],
]
