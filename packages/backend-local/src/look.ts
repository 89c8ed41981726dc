import { lstatSync, type Stats, statSync } from 'node:fs'
import { isMissing } from './errno.ts'

/** Copying and unpacking forge the mtime, not the ctime: the later of the two is when the file came to be as it is. */
export function changedAt(stats: Pick<Stats, 'mtimeMs' | 'ctimeMs'>): number {
  return Math.floor(Math.max(stats.mtimeMs, stats.ctimeMs))
}

/** What lies under a path itself, links not followed; undefined when nothing does, or a file is in the way. */
export function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Which folder it is that has a path: device and inode. */
export interface FolderIdentity {
  readonly dev: bigint
  readonly ino: bigint
}

/** Both zero for what is not there, which no folder has. */
export function identityOf(path: string): FolderIdentity {
  const { dev, ino } = statSync(path, { bigint: true, throwIfNoEntry: false }) ?? { dev: 0n, ino: 0n }
  return { dev, ino }
}

export function isSameFolder(a: FolderIdentity, b: FolderIdentity): boolean {
  return a.ino === b.ino && a.dev === b.dev
}
