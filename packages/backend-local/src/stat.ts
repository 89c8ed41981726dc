import { lstat } from 'node:fs/promises'
import type { CallOptions, Stored } from '@holdfast/core'
import { isMissing } from './errno.ts'
import { throwIfAborted } from './errors.ts'
import { checkKey } from './keys.ts'
import { changedAt } from './look.ts'
import type { LocalStore } from './root.ts'

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
  const found = store.folders.hold(key, subject) ? await lookAtFile(store, key) : undefined
  // Under a root that went away meanwhile everything is missing.
  if (!found) store.checkRoot(subject)
  return found
}

async function lookAtFile(store: LocalStore, key: string): Promise<Stored | undefined> {
  try {
    const stats = await lstat(store.path(key))
    if (!stats.isFile() || !store.isNamed(key)) return undefined
    return { size: stats.size, changedAt: changedAt(stats) }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
