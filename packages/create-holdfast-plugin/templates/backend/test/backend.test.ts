import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describeBackend } from '@holdfast/testkit'

import { open__Factory__ } from '__name__'

describeBackend('__id__', async () => {
  const folder = mkdtempSync(join(tmpdir(), '__id__-'))
  const file = join(folder, 'files.db')
  const backend = open__Factory__({ file })
  const reopen = async () => {
    await backend.stop?.()
    await backend.start?.({ signal: new AbortController().signal })
    return backend
  }
  return {
    backend,
    reopen,
    // Chunks of no object: what writes that failed have left.
    async litter() {
      await backend.stop?.()
      const db = new DatabaseSync(file)
      const rows = db.prepare('SELECT object FROM chunks WHERE object NOT IN (SELECT id FROM objects)').all()
      db.close()
      await reopen()
      return rows.map(({ object }) => String(object))
    },
    async dispose() {
      await backend.stop?.()
      rmSync(folder, { recursive: true, force: true })
    },
  }
})
