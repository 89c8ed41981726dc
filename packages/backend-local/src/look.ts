import { lstatSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
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

/** Which folder a root is: its device and inode, and the inode of the store's own folder in it. */
export interface RootIdentity {
  readonly dev: bigint
  readonly ino: bigint
  /** Two disks that are mounted at one place, one after the other, may have the same device and inode. */
  readonly own: bigint
}

/** All zero for what is not there, which no folder has. */
export function identityOf(root: string, ownFolder: string): RootIdentity {
  const { dev, ino } = find(root)
  return { dev, ino, own: find(join(root, ownFolder)).ino }
}

export function isSameRoot(a: RootIdentity, b: RootIdentity): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.own === b.own
}

function find(path: string): { readonly dev: bigint; readonly ino: bigint } {
  const nothing = { dev: 0n, ino: 0n }
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? nothing
  } catch (error) {
    if (isMissing(error)) return nothing
    throw error
  }
}
