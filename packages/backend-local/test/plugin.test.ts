import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { backendLocal } from '@holdfast/backend-local'
import { describePlugin } from '@holdfast/testkit'
import { afterAll } from 'vitest'

const { resolve } = createRequire(import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'holdfast-local-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describePlugin('backend-local', () => backendLocal({ root: join(folder, 'files') }), {
  packageJson: pathToFileURL(resolve('@holdfast/backend-local/package.json')),
  program: new URL('plugin-program.ts', import.meta.url),
  knobs: { root: join(folder, 'others'), topology: 'shared', foldedNames: 'checked' },
})
