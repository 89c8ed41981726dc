// Looks at the environments of a data folder, in a process of its own: a damaged page may end it. Arguments: the data
// folder, and `deep` or `rows`. Says on standard output what it begins, how far it is, and what it finds.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '@holdfast/core'
import { createSeal } from '../format/seal.ts'
import { openLmdb } from '../store/lmdb.ts'
import type { Finding } from './last-stop.ts'
import { pageProblem } from './pages.ts'
import { manifestProblems, walkRows } from './walk.ts'

/** A line of the child. */
export type Line =
  | { readonly begin: Finding['where'] }
  | { readonly rows: number }
  | { readonly found: Finding }
  | { readonly end: true; readonly rows: number }

const [dataDir = '', depth = 'rows'] = process.argv.slice(2)
const say = (line: Line) => process.stdout.write(`${JSON.stringify(line)}\n`)
const seal = await createSeal()
let rows = 0
for (const where of ['manifest', 'journal'] as const) {
  const folder = join(dataDir, where)
  if (!existsSync(join(folder, 'data.mdb'))) continue
  say({ begin: where })
  try {
    for (const problem of await problemsOf(where, folder)) say({ found: { where, problem } })
  } catch (error) {
    say({ found: { where, problem: messageOf(error) } })
  }
}
say({ end: true, rows })

async function problemsOf(where: Finding['where'], folder: string): Promise<readonly string[]> {
  const problem = pageProblem(join(folder, 'data.mdb'))
  // LMDB would follow the damaged page.
  if (problem !== undefined) return [problem]
  const store = openLmdb(folder, { readOnly: true })
  try {
    if (where === 'journal') {
      for (const _ of walkRows(store, seal)) rows++
      return []
    }
    const walked = manifestProblems(store, seal, depth === 'deep', (done) => say({ rows: done }))
    rows += walked.rows
    return walked.problems
  } finally {
    await store.close()
  }
}
