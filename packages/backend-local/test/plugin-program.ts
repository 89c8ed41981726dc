// The crash program of test/plugin.test.ts: the folder of its store, and whether to fill it or to change it.
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openLocalBackend } from '@holdfast/backend-local'
import { crashChild } from '@holdfast/testkit'
import { keysOf } from './temp-root.ts'

const [folder = '', what] = process.argv.slice(2)
const root = join(folder, 'files')
mkdirSync(folder, { recursive: true })
const backend = await openLocalBackend({ root, failpoints: crashChild() })
if (what === 'prepare')
  for (const key of ['old/1', 'old/2', 'stays']) await backend.write(key, new TextEncoder().encode(key))
else {
  await backend.write('new/1', new TextEncoder().encode('new'))
  await backend.delete([{ key: 'old/1' }, { key: 'old/2' }])
  const litter = readdirSync(join(root, '.holdfast', 'tmp'))
  process.stdout.write(
    `${JSON.stringify({ keys: await keysOf(backend), litter, root: readdirSync(root).sort() })}\n`,
  )
}
await backend.stop?.()
