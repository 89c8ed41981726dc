import { lstatSync, statSync } from 'node:fs'
import { mkdir, readdir, realpath, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { FailpointRegistry, Ids } from '@holdfast/core'
import { RESERVED_FOLDER } from '@holdfast/core'
import { errnoOf, isMissing, problem, type Subject, throwIfAborted } from './errors.ts'
import { Folders } from './folders.ts'
import { TEMP_FOLDER } from './keys.ts'
import { FolderSyncs, syncFolder } from './sync.ts'

/** An opened root folder, and what all calls on it share. */
export interface LocalStore {
  /** Absolute, without symbolic links. */
  readonly root: string
  readonly folders: Folders
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  /** The path of a key's file. */
  path(key: string): string
  /** @throws HF_BACKEND, kind unavailable, when the root is gone or another folder has taken its place */
  checkRoot(subject: Subject): void
}

export interface StoreOptions {
  readonly root: string
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  readonly signal?: AbortSignal
}

/** Makes the root when it is missing, and removes the temporary files that a crash left. */
export async function openStore(options: StoreOptions): Promise<LocalStore> {
  const subject = { operation: 'start' } as const
  await makeDurably(resolve(options.root))
  const root = await realpath(options.root)
  const identity = identityOf(root)
  for (const folder of [RESERVED_FOLDER, TEMP_FOLDER]) {
    const path = join(root, folder)
    await mkdir(path).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error
    })
    await syncFolder(dirname(path))
    const found = lstatSync(path, { bigint: true })
    if (!found.isDirectory())
      throw problem('invalid', `${folder} in the root is not a folder of its own`, subject)
    if (found.dev !== identity.dev)
      throw problem('unsupported', `${folder} lies on another mount than the root`, subject)
  }
  await removeLitter(join(root, TEMP_FOLDER), options.signal, subject)
  return {
    root,
    folders: new Folders(root, new FolderSyncs()),
    ids: options.ids,
    failpoints: options.failpoints,
    path: (key) => join(root, key),
    checkRoot(at) {
      const now = identityOf(root)
      if (now.ino !== identity.ino || now.dev !== identity.dev)
        throw problem('unavailable', 'the root was unmounted or replaced since the start', at)
    },
  }
}

/** Device and inode; both zero for what is not there, which no folder has. */
function identityOf(path: string): { dev: bigint; ino: bigint } {
  return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? { dev: 0n, ino: 0n }
}

async function makeDurably(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let folder = path; folder !== dirname(first); folder = dirname(folder)) await syncFolder(folder)
  await syncFolder(dirname(first))
}

async function removeLitter(
  folder: string,
  signal: AbortSignal | undefined,
  subject: Subject,
): Promise<void> {
  for (const name of await readdir(folder)) {
    throwIfAborted(signal, subject)
    await unlink(join(folder, name)).catch((error: unknown) => {
      if (!isMissing(error)) throw error
    })
  }
}
