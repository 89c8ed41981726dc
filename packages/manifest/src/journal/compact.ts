import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FailpointRegistry } from '@holdfast/core'
import { open } from 'lmdb'

/** Smaller than this, a journal is left as it is, bytes. */
const SMALL = 64 * 1024 ** 2

interface Stats {
  readonly pageSize: number
  readonly lastPageNumber: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

/**
 * Rewrites a journal of which more than half is empty: LMDB never gives pages of removed rows back. The copy replaces
 * the original by a rename; a process that is killed on the way leaves one of the two, and what else lies there goes.
 */
export async function compact(
  folder: string,
  failpoints: FailpointRegistry,
  small = SMALL,
): Promise<boolean> {
  const [copy, old] = [`${folder}-copy`, `${folder}-old`]
  if (!existsSync(folder) && existsSync(old)) renameSync(old, folder)
  for (const leftover of [copy, old]) rmSync(leftover, { recursive: true, force: true })
  if (!existsSync(join(folder, 'data.mdb'))) return false
  const db = open({ path: folder, keyEncoding: 'binary', encoding: 'binary', overlappingSync: false })
  try {
    const stats = db.getStats() as Stats
    const used = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages
    const size = stats.pageSize * stats.lastPageNumber
    if (size < small || used * 2 > stats.lastPageNumber) return false
    if (failpoints.armed) await failpoints.hit('journal.compact.before')
    mkdirSync(copy)
    await db.backup(copy, true)
    // LMDB leaves its copy to the page cache.
    for (const file of [join(copy, 'data.mdb'), copy]) sync(file)
  } finally {
    await db.close()
  }
  if (failpoints.armed) await failpoints.hit('journal.compact.copied')
  renameSync(folder, old)
  try {
    if (failpoints.armed) await failpoints.hit('journal.compact.aside')
    renameSync(copy, folder)
  } catch (error) {
    // Who opens a journal that is not there gets an empty one.
    renameSync(old, folder)
    throw error
  }
  sync(dirname(folder))
  if (failpoints.armed) await failpoints.hit('journal.compact.replaced')
  rmSync(old, { recursive: true, force: true })
  if (failpoints.armed) await failpoints.hit('journal.compact.after')
  return true
}

function sync(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
