import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describePlugin } from '@holdfast/testkit'
import { __factory__ } from '__name__'
import { afterAll } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), '__id__-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describePlugin('__id__', () => __factory__({ file: join(folder, 'files.db') }), {
  packageJson: new URL('../package.json', import.meta.url),
  knobs: { file: 'other.db' },
})
