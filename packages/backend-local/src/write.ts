import { createHash } from 'node:crypto'
import { type FileHandle, link, lstat, open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ByteSource, WriteOptions, Written } from '@holdfast/core'
import { errnoOf, isMissing } from './errno.ts'
import { coded, problem, type Subject, throwIfAborted } from './errors.ts'
import { checkKey, folderOf, TEMP_FOLDER } from './keys.ts'
import { changedAt } from './look.ts'
import type { LocalStore } from './root.ts'
import { piecesOf, SourceFailure } from './source.ts'
import { temporaryName } from './temporary.ts'

/** How often a folder may vanish between its making and the naming of a file in it. */
const NAMING_ATTEMPTS = 50

/**
 * Temporary file, sync, name, sync of the folders. Readers see either nothing or the whole file, and what is
 * acknowledged survives a power loss.
 */
export async function write(
  store: LocalStore,
  key: string,
  source: ByteSource,
  options: WriteOptions,
): Promise<Written> {
  const subject = { operation: 'write', key } as const
  try {
    checkKey(key, subject)
    throwIfAborted(options.signal, subject)
    store.checkRoot(subject)
    return await writeChecked(store, key, source, options, subject)
  } catch (error) {
    // What the caller's own source threw is the caller's to read: it goes back as it is.
    throw error instanceof SourceFailure ? error.cause : coded(error, subject)
  }
}

async function writeChecked(
  store: LocalStore,
  key: string,
  source: ByteSource,
  options: WriteOptions,
  subject: Subject,
): Promise<Written> {
  const temp = join(store.root, TEMP_FOLDER, temporaryName(store.ids.next()))
  const handle = await open(temp, 'wx').catch((error: unknown) => {
    if (isMissing(error)) throw problem('unavailable', `${TEMP_FOLDER} is gone`, subject, error)
    throw error
  })
  try {
    const { size, checksum } = await fill(handle, source, options, subject)
    await handle.sync()
    if (store.failpoints.armed) await store.failpoints.hit('local.write.temp')
    throwIfAborted(options.signal, subject)
    await publish(store, { key, temp, handle, subject, ifAbsent: options.ifAbsent === true })
    return { size, checksum, changedAt: changedAt(await handle.stat()) }
  } catch (error) {
    await removeIfThere(temp)
    throw error
  } finally {
    await handle.close()
  }
}

async function fill(
  handle: FileHandle,
  source: ByteSource,
  { size: expected, signal }: WriteOptions,
  subject: Subject,
): Promise<{ size: number; checksum: string }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const piece of piecesOf(source, signal, subject)) {
    size += piece.length
    if (expected !== undefined && size > expected) break
    hash.update(piece)
    for (let done = 0; done < piece.length; ) done += (await handle.write(piece, done)).bytesWritten
  }
  if (expected !== undefined && size !== expected) {
    const gave = size > expected ? `more than the ${expected} bytes` : `${size} of the ${expected} bytes`
    throw problem('invalid', `the source gave ${gave} that were announced`, subject)
  }
  return { size, checksum: `sha256:${hash.digest('hex')}` }
}

interface Unnamed {
  readonly key: string
  readonly temp: string
  readonly handle: FileHandle
  readonly subject: Subject
  readonly ifAbsent: boolean
}

/** Gives the file its name and makes it durable, or takes the name away again. */
async function publish(store: LocalStore, file: Unnamed): Promise<void> {
  const isNew = await name(store, file)
  try {
    if (store.failpoints.armed) await store.failpoints.hit('local.write.linked')
    // Before the last look at the file: taking a name away changes its ctime.
    await removeIfThere(file.temp)
    await store.folders.persist(file.key)
    // It was this root's folders that were synced.
    store.checkRoot(file.subject)
  } catch (error) {
    if (isNew) await withdraw(store, file).catch(() => undefined)
    throw error
  }
}

/** True when the name is new, false when a file of that name was replaced. */
async function name(store: LocalStore, file: Unnamed): Promise<boolean> {
  let vanished: unknown
  for (let attempt = 0; attempt < NAMING_ATTEMPTS; attempt++) {
    try {
      // A source may have taken long: nothing is made, and nothing replaced, in what has taken the root's place.
      store.checkRoot(file.subject)
      store.folders.make(file.key, file.subject)
      return (await linked(store, file)) || (await replaced(store, file))
    } catch (error) {
      // A delete that emptied the folder may have removed it just before the file got its name.
      if (!isMissing(error)) throw error
      vanished = error
    }
  }
  throw problem('unavailable', `the folder of ${file.key} vanished again and again`, file.subject, vanished)
}

/** link, because rename cannot refuse a name that is there. False when it is. */
async function linked(store: LocalStore, { key, temp, subject }: Unnamed): Promise<boolean> {
  try {
    await link(temp, store.path(key))
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
  if (store.isNamed(key)) return true
  await unlink(store.path(key))
  throw problem('conflict', `the file system keeps ${key} under another name`, subject)
}

async function replaced(store: LocalStore, { key, temp, subject, ifAbsent }: Unnamed): Promise<false> {
  const path = store.path(key)
  if ((await lstat(path)).isDirectory()) throw problem('conflict', `${key} is the name of a folder`, subject)
  if (!store.isNamed(key))
    throw problem('conflict', `${key} is another name of a file that is there`, subject)
  if (ifAbsent) throw problem('exists', `${key} is there already`, subject)
  await rename(temp, path)
  return false
}

async function withdraw(store: LocalStore, { key, handle }: Unnamed): Promise<void> {
  const path = store.path(key)
  const [mine, named] = await Promise.all([handle.stat({ bigint: true }), lstat(path, { bigint: true })])
  // Another writer may have replaced it meanwhile.
  if (mine.ino !== named.ino) return
  await unlink(path)
  await store.folders.sync(store.folders.prune(folderOf(key)))
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
