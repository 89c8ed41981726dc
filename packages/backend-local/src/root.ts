import { lstatSync } from 'node:fs'
import { mkdir, open, readdir, realpath, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { FailpointRegistry, Ids } from '@holdfast/core'
import { RESERVED_FOLDER } from '@holdfast/core'
import { errnoOf, isMissing } from './errno.ts'
import { problem, type Subject, throwIfAborted } from './errors.ts'
import { foldsNames, isListed } from './folded-names.ts'
import { Folders } from './folders.ts'
import { TEMP_FOLDER } from './keys.ts'
import { identityOf, isSameRoot, lookAt, type RootIdentity } from './look.ts'
import { FolderSyncs, syncFolder } from './sync.ts'
import { isInUse, temporaryName } from './temporary.ts'
import { WalkThread } from './walk-thread.ts'

/** An opened root folder, and what all calls on it share. */
export interface LocalStore {
  /** Absolute, without symbolic links. */
  readonly root: string
  readonly identity: RootIdentity
  readonly folders: Folders
  readonly thread: WalkThread
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  /** The path of a key's file. */
  path(key: string): string
  /** Whether what is found under a key's path has that very name; always so where no two names are one. */
  isNamed(key: string): boolean
  /** @throws HF_BACKEND, kind unavailable, when the root is gone or another folder has taken its place */
  checkRoot(subject: Subject): void
}

export interface StoreOptions {
  readonly root: string
  readonly topology: 'local' | 'shared'
  readonly foldedNames: 'refused' | 'checked'
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  readonly signal?: AbortSignal
}

/** Ms after which a temporary file in a shared root, to which nobody has written, is a crash's. */
const ABANDONED = 24 * 60 * 60 * 1000

/**
 * Makes the root when it is missing, removes the temporary files that a crash left, and finds out what the file system
 * does to names.
 */
export async function openStore(options: StoreOptions): Promise<LocalStore> {
  const subject = { operation: 'start' } as const
  await makeDurably(resolve(options.root))
  const root = await realpath(options.root)
  const { dev } = identityOf(root, RESERVED_FOLDER)
  for (const folder of [RESERVED_FOLDER, TEMP_FOLDER]) {
    const path = join(root, folder)
    await mkdir(path).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error
    })
    await syncFolder(dirname(path))
    const found = lstatSync(path, { bigint: true })
    if (!found.isDirectory())
      throw problem('invalid', `${folder} in the root is not a folder of its own`, subject)
    if (found.dev !== dev)
      throw problem('unsupported', `${folder} lies on another mount than the root`, subject)
  }
  const identity = identityOf(root, RESERVED_FOLDER)
  const temp = join(root, TEMP_FOLDER)
  await removeLitter(temp, options, subject)
  const isFolding = await foldsNames(temp, temporaryName(options.ids.next()))
  if (isFolding && options.foldedNames === 'refused')
    throw problem(
      'unsupported',
      'the file system of the root takes two names that differ in case or Unicode form for one: use another, or set foldedNames to checked',
      subject,
    )
  const isShared = options.topology === 'shared'
  return {
    root,
    identity,
    thread: new WalkThread(),
    folders: new Folders(root, new FolderSyncs(), { isFolding, isShared }),
    ids: options.ids,
    failpoints: options.failpoints,
    // Keys have nothing that `join` would tidy up, which takes longer than all else here.
    path: (key) => `${root}/${key}`,
    isNamed: (key) => !isFolding || isListed(join(root, key)),
    checkRoot(at) {
      if (!isSameRoot(identityOf(root, RESERVED_FOLDER), identity))
        throw problem('unavailable', 'the root was unmounted or replaced since the start', at)
    },
  }
}

async function makeDurably(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let folder = path; folder !== dirname(first); folder = dirname(folder)) await syncFolder(folder)
  await syncFolder(dirname(first))
}

/** What a crash left, and not what another process is writing. In a shared root a temporary file may be another node's write: only old ones go. */
async function removeLitter(folder: string, options: StoreOptions, subject: Subject): Promise<void> {
  const before = options.topology === 'shared' ? (await timeOf(folder, options.ids)) - ABANDONED : undefined
  for (const name of await readdir(folder)) {
    throwIfAborted(options.signal, subject)
    if (isInUse(name)) continue
    const path = join(folder, name)
    if (before !== undefined && (lookAt(path)?.mtimeMs ?? before) >= before) continue
    await unlink(path).catch((error: unknown) => {
      if (!isMissing(error)) throw error
    })
  }
}

/** The file system's own time, ms: a clock of this machine may be another. */
async function timeOf(folder: string, ids: Ids): Promise<number> {
  const path = join(folder, ids.next())
  const handle = await open(path, 'wx')
  try {
    return (await handle.stat()).mtimeMs
  } finally {
    await handle.close()
    await unlink(path)
  }
}
