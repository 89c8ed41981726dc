import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hours, listHours, writeHours } from './hours.ts'
import { alone, type BenchLine, fileSystemOf } from './pairs.ts'
import { runRetention } from './retention-run.ts'

const N = 1000
/** Of one day: the folder above them is the one that is left. */
const FOLDERS = 10

/** What a run that takes 1000 files, and their bytes, costs in transactions and in syncs of folders: the same on every machine. */
export async function retentionCounts(): Promise<BenchLine & Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const root = join(folder, 'files')
    const hours: Hours = { root, files: 2 * N, folders: 2 * FOLDERS, expiredFolders: FOLDERS }
    const dataDir = join(folder, 'data')
    await listHours(dataDir, hours)
    writeHours(hours, 0, 2 * FOLDERS)
    const { condemned, waiting, setAside, transactions, journal, folderSyncs } = runRetention(dataDir, hours)
    if (condemned !== N || waiting + setAside > 0) throw new Error(`void: ${condemned} of ${N} files went`)
    const counts = { transactions, journal, folderSyncs }
    const expected: typeof counts = {
      // Condemned, doomed, erased.
      transactions: 3,
      // The run begins, its items, its plan, its chunk, its end; and two for a plan that is of no more use.
      journal: 7,
      folderSyncs: 1,
    }
    const total = (of: typeof counts) => of.transactions + of.journal + of.folderSyncs
    return {
      ...alone,
      ours: total(counts),
      better: 'lower',
      bound: total(expected),
      pass: JSON.stringify(counts) === JSON.stringify(expected),
      n: N,
      fs: fileSystemOf(folder),
      sync: 'as counted',
      peerCommand: `none: transactions of the manifest and of the journal, and syncs of folders, for n files in ${FOLDERS} folders`,
      counts,
      expected,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
