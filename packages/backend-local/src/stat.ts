import { lstatSync, type Stats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import type { CallOptions, Stored } from '@holdfast/core'
import { isMissing, throwIfAborted } from './errors.ts'
import { checkKey } from './keys.ts'
import type { LocalStore } from './root.ts'

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

/** Undefined for what is missing and for what is no file: folders and links are no objects. */
export async function stat(
  store: LocalStore,
  key: string,
  options: CallOptions,
): Promise<Stored | undefined> {
  const subject = { operation: 'stat', key } as const
  checkKey(key, subject)
  throwIfAborted(options.signal, subject)
  store.checkRoot(subject)
  if (!store.folders.hold(key, subject)) return undefined
  try {
    const stats = await lstat(store.path(key))
    return stats.isFile() ? { size: stats.size, changedAt: changedAt(stats) } : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
