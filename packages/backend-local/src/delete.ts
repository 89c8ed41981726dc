import { unlink } from 'node:fs'
import type { CallOptions, DeleteOutcome, DeleteTarget } from '@holdfast/core'
import { errnoOf, isMissing } from './errno.ts'
import { coded, problem, type Subject, throwIfAborted } from './errors.ts'
import { folderOf, keyProblem, LIMITS } from './keys.ts'
import { lookAt } from './look.ts'
import { inParallel } from './parallel.ts'
import type { LocalStore } from './root.ts'

/** Folders that are worked on at the same time; their syncs share the disk's flushes. */
const FOLDERS_AT_ONCE = 8
/** Keys of one folder that are unlinked at the same time, and between two looks at the root. */
const KEYS_AT_ONCE = 16

/**
 * Unlinks, removes folders that became empty, and syncs each folder that is left once. A key that is missing is
 * synced too: the process that unlinked it may have died before its own sync.
 */
export async function remove(
  store: LocalStore,
  targets: readonly DeleteTarget[],
  { signal }: CallOptions,
): Promise<DeleteOutcome[]> {
  const subject = { operation: 'delete' } as const
  throwIfAborted(signal, subject)
  if (targets.length > LIMITS.deleteBatch)
    throw problem(
      'invalid',
      `${targets.length} targets are more than the ${LIMITS.deleteBatch} of one call`,
      subject,
    )
  if (targets.some(({ ifVersion }) => ifVersion !== undefined))
    throw problem('unsupported', 'a local disk keeps no versions: ifVersion cannot be used', subject)
  store.checkRoot(subject)

  const failures = new Map<string, unknown>()
  const missing: string[] = []
  const byFolder = new Map<string, Set<string>>()
  for (const { key } of targets) {
    const wrong = keyProblem(key)
    if (wrong !== undefined)
      failures.set(
        key,
        problem('invalid', `${JSON.stringify(key)} cannot be a key: ${wrong}`, { ...subject, key }),
      )
    else keysIn(byFolder, folderOf(key)).add(key)
  }

  const bySurvivor = new Map<string, Set<string>>()
  await inParallel(byFolder, FOLDERS_AT_ONCE, async ([folder, keys]) => {
    for (const some of slices([...keys], KEYS_AT_ONCE)) {
      throwIfAborted(signal, subject)
      missing.push(...(await unlinkKeys(store, some, failures)))
    }
    const gone = [...keys].filter((key) => !failures.has(key))
    if (gone.length === 0) return
    const survivor = prune(store, folder)
    for (const key of gone) keysIn(bySurvivor, survivor).add(key)
  })
  await inParallel(bySurvivor, FOLDERS_AT_ONCE, async ([folder, keys]) => {
    try {
      await syncOfRoot(store, folder, subject)
    } catch (error) {
      for (const key of keys) failures.set(key, error)
    }
  })

  // The root may have been away only while they were looked for.
  for (const key of missing) if (isThere(store, key, failures)) failures.set(key, isBack(key))
  if (missing.length > 0) store.checkRoot(subject)

  return targets.map(({ key }) =>
    failures.has(key)
      ? { key, status: 'failed', error: coded(failures.get(key), { ...subject, key }) }
      : { key, status: 'gone' },
  )
}

/** Some keys of one folder; gives those that are missing. */
async function unlinkKeys(
  store: LocalStore,
  keys: readonly string[],
  failures: Map<string, unknown>,
): Promise<readonly string[]> {
  const [first = ''] = keys
  const subject = { operation: 'delete' } as const
  try {
    if (store.failpoints.armed) await store.failpoints.hit('local.delete.before')
    // Anew for every few keys: a root that goes away in the middle must keep the rest.
    store.checkRoot(subject)
    const isThere = store.folders.hold(first, subject)
    const unlinked = await Promise.all(keys.map((key) => isThere && unlinkKey(store, key, failures)))
    const missing = keys.filter((_, at) => !unlinked[at])
    // Under a root that is gone every key is missing.
    if (missing.length > 0) store.checkRoot(subject)
    if (store.failpoints.armed) await store.failpoints.hit('local.delete.after')
    return missing
  } catch (error) {
    for (const key of keys) failures.set(key, error)
    return []
  }
}

/**
 * False when there is nothing of that name. Never rejects: nobody would wait for those beside it any more. A callback
 * costs a third of a promise of the runtime's.
 */
function unlinkKey(store: LocalStore, key: string, failures: Map<string, unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const fail = (error: unknown) => {
      failures.set(key, error)
      resolve(true)
    }
    try {
      if (!store.isNamed(key)) return resolve(false)
      unlink(store.path(key), (error) => {
        if (!error) resolve(true)
        // A folder of that name is no object.
        else if (isMissing(error) || errnoOf(error) === 'EISDIR') resolve(false)
        else fail(error)
      })
    } catch (error) {
      fail(error)
    }
  })
}

/** Whether a key is there after all. Where that cannot be known it is not said to be gone. */
function isThere(store: LocalStore, key: string, failures: Map<string, unknown>): boolean {
  try {
    const isFound = store.folders.hold(key, { operation: 'delete' }) && store.isNamed(key)
    return isFound && lookAt(store.path(key))?.isFile() === true
  } catch (error) {
    failures.set(key, error)
    return false
  }
}

function isBack(key: string): unknown {
  return problem('unavailable', `${key} was missing, and is there again`, { operation: 'delete', key })
}

function* slices<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size)
}

/** Syncs a folder, or fails when the root is no longer the one that it was. */
async function syncOfRoot(store: LocalStore, folder: string, subject: Subject): Promise<void> {
  try {
    await store.folders.sync(folder)
  } finally {
    store.checkRoot(subject)
  }
}

function prune(store: LocalStore, folder: string): string {
  try {
    store.checkRoot({ operation: 'delete' })
    return store.folders.prune(folder)
  } catch {
    // An empty folder that stays does no harm; the keys in it are gone, if the look after its sync does not say otherwise.
    return folder
  }
}

function keysIn(groups: Map<string, Set<string>>, folder: string): Set<string> {
  const keys = groups.get(folder) ?? new Set()
  groups.set(folder, keys)
  return keys
}
