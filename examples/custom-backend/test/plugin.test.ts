import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backendSqlite } from '@holdfast/example-custom-backend'
import { describePlugin } from '@holdfast/testkit'
import { afterAll } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'backend-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describePlugin('backend-sqlite', () => backendSqlite({ file: join(folder, 'files.db') }), {
  packageJson: new URL('../package.json', import.meta.url),
  knobs: { file: 'other.db' },
})
