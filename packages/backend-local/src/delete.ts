import { unlink } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { CallOptions, DeleteOutcome, DeleteTarget } from '@holdfast/core'
import { errnoOf, isMissing } from './errno.ts'
import { coded, problem, type Subject, throwIfAborted } from './errors.ts'
import { folderOf, keyProblem, LIMITS } from './keys.ts'
import { inParallel } from './parallel.ts'
import type { LocalStore } from './root.ts'

/** Keys of one folder that are unlinked between two looks at the root. */
const KEYS_OF_GROUP = 16
/** While the process is busy with a commit no other group begins: with one alone the disk would wait for it. */
const GROUPS_AT_ONCE = 16
/** Folders that are synced at the same time: they share the disk's flushes. */
const SYNCS_AT_ONCE = 8

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

  await inParallel(groupsOf(byFolder.values()), GROUPS_AT_ONCE, async (keys) => {
    throwIfAborted(signal, subject)
    await unlinkGroup(store, keys, failures)
  })

  const bySurvivor = new Map<string, Set<string>>()
  for (const [folder, keys] of byFolder) {
    const gone = [...keys].filter((key) => !failures.has(key))
    if (gone.length === 0) continue
    const survivor = prune(store, folder)
    // Pruning is synchronous, and there may be a folder for each key.
    await setImmediate()
    for (const key of gone) keysIn(bySurvivor, survivor).add(key)
  }
  await inParallel(bySurvivor, SYNCS_AT_ONCE, async ([folder, keys]) => {
    try {
      await syncOfRoot(store, folder, subject)
    } catch (error) {
      for (const key of keys) failures.set(key, error)
    }
  })

  return targets.map(({ key }) =>
    failures.has(key)
      ? { key, status: 'failed', error: coded(failures.get(key), { ...subject, key }) }
      : { key, status: 'gone' },
  )
}

/** Some keys of one folder. Whether the root was still the one that it was is said by the look after the sync. */
async function unlinkGroup(
  store: LocalStore,
  keys: readonly string[],
  failures: Map<string, unknown>,
): Promise<void> {
  const [first = ''] = keys
  const subject = { operation: 'delete' } as const
  try {
    if (store.failpoints.armed) await store.failpoints.hit('local.delete.before')
    // Anew for every few keys: a root that goes away in the middle must keep the rest.
    store.checkRoot(subject)
    if (store.folders.hold(first, subject))
      await Promise.all(keys.map((key) => unlinkKey(store, key, failures)))
    if (store.failpoints.armed) await store.failpoints.hit('local.delete.after')
  } catch (error) {
    for (const key of keys) failures.set(key, error)
  }
}

/** Never rejects: nobody would wait for those beside it any more. A callback costs a third of a promise of the runtime's. */
function unlinkKey(store: LocalStore, key: string, failures: Map<string, unknown>): Promise<void> {
  return new Promise((resolve) => {
    try {
      if (!store.isNamed(key)) return resolve()
      unlink(store.path(key), (error) => {
        // A folder of that name is no object.
        if (error && !isMissing(error) && errnoOf(error) !== 'EISDIR') failures.set(key, error)
        resolve()
      })
    } catch (error) {
      failures.set(key, error)
      resolve()
    }
  })
}

function* groupsOf(folders: Iterable<ReadonlySet<string>>): Generator<readonly string[]> {
  for (const folder of folders) {
    const keys = [...folder]
    for (let from = 0; from < keys.length; from += KEYS_OF_GROUP) yield keys.slice(from, from + KEYS_OF_GROUP)
  }
}

/**
 * Syncs a folder, or fails when the root is no longer the one that it was: under a root that is gone every key was
 * missing, and under another one it was another's file that went.
 */
async function syncOfRoot(store: LocalStore, folder: string, subject: Subject): Promise<void> {
  try {
    await store.folders.sync(folder)
  } finally {
    store.checkRoot(subject)
  }
}

function prune(store: LocalStore, folder: string): string {
  try {
    return store.folders.prune(folder)
  } catch {
    // An empty folder that stays does no harm; the keys in it are gone.
    return folder
  }
}

function keysIn(groups: Map<string, Set<string>>, folder: string): Set<string> {
  const keys = groups.get(folder) ?? new Set()
  groups.set(folder, keys)
  return keys
}
