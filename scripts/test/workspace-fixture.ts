import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Files, tree } from './fixture.ts'

const ROOT = dirname(dirname(import.meta.dirname))

/** One package under the vitest set-up of this repository. */
export const WORKSPACE: Files = {
  'package.json': '{ "type": "module" }',
  'vitest.config.ts': `export default { test: { projects: ['packages/*'] } }`,
  'vitest.base.ts': readFileSync(join(ROOT, 'vitest.base.ts'), 'utf8'),
  'packages/guard/package.json': JSON.stringify({
    name: 'guard',
    type: 'module',
    exports: { '.': { 'holdfast-source': './src/index.ts' } },
  }),
  'packages/guard/vitest.config.ts': `import { project } from '../../vitest.base.ts'\nexport default project('guard')`,
}

export function workspace(files: Files) {
  const made = tree({ ...WORKSPACE, ...files })
  made.linkTools()
  return made
}

export const testFile = (...tests: readonly string[]) =>
  [`import { expect, it } from 'vitest'`, ...tests].join('\n')
