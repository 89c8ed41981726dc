import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { foldersOf, RESERVED_FOLDER } from '@holdfast/core'
import { errnoOf, isMissing } from './errno.ts'
import { problem, type Subject } from './errors.ts'
import { isListed } from './folded-names.ts'
import { folderOf } from './keys.ts'
import { lookAt } from './look.ts'
import type { FolderSyncs } from './sync.ts'

/** How many folders are remembered as durable before the memory starts anew. */
const REMEMBERED = 10_000

export interface FolderTraits {
  /** The file system takes two names for one: what is found must be listed under the name. */
  readonly isFolding: boolean
  /** Other processes make and remove folders too: what was durable may be gone and made again. */
  readonly isShared: boolean
}

/**
 * The folders between the root and the keys: made when a key needs them, removed when they are emptied, never
 * followed out of the root through a symbolic link. Making and removing are synchronous, so that what is remembered
 * of a folder changes in the same instant as the folder.
 */
export class Folders {
  readonly #root: string
  readonly #syncs: FolderSyncs
  readonly #traits: FolderTraits
  /** Folders whose own name was made durable by this process. One that a crashed process made is not among them. */
  readonly #durable = new Set<string>()
  #removals = 0

  constructor(root: string, syncs: FolderSyncs, traits: FolderTraits) {
    this.#root = root
    this.#syncs = syncs
    this.#traits = traits
  }

  /**
   * Whether all folders above a key are there.
   * @throws HF_BACKEND, kind invalid, when one of them is a symbolic link
   */
  hold(key: string, subject: Subject): boolean {
    for (const folder of foldersOf(key)) if (this.#look(folder, subject) !== 'folder') return false
    return true
  }

  /**
   * Makes the folders above a key that are missing; `persist` makes them durable.
   * @throws HF_BACKEND, kind conflict, when a file has the name of a folder; kind invalid for a symbolic link
   */
  make(key: string, subject: Subject): void {
    for (const folder of foldersOf(key)) {
      const found = this.#look(folder, subject)
      if (found === 'other')
        throw problem('conflict', `${folder} is a file, so nothing can be written below it`, subject)
      if (found === 'missing') this.#make(folder, subject)
    }
  }

  /** Resolves when the name of this key and of every folder above it are durable. */
  async persist(key: string): Promise<void> {
    await this.sync(folderOf(key))
    for (const folder of foldersOf(key)) {
      if (this.#durable.has(folder)) continue
      const removals = this.#removals
      await this.sync(folderOf(folder))
      // A folder that was removed and made again meanwhile is a new name, which this sync may have missed.
      if (removals !== this.#removals || this.#traits.isShared) continue
      if (this.#durable.size >= REMEMBERED) this.#durable.clear()
      this.#durable.add(folder)
    }
  }

  /** Syncs a folder or, when it is gone, the nearest one above that is left: there its removal is recorded. */
  async sync(folder: string): Promise<void> {
    for (let at = folder; ; at = folderOf(at)) {
      try {
        return await this.#syncs.sync(join(this.#root, at))
      } catch (error) {
        if (at === '' || !isMissing(error)) throw error
      }
    }
  }

  /** Removes a folder that is empty, then those above it, and gives the lowest that stays. */
  prune(folder: string): string {
    let at = folder
    while (at !== '' && at !== RESERVED_FOLDER && this.#remove(at)) at = folderOf(at)
    return at
  }

  #look(folder: string, subject: Subject): 'folder' | 'other' | 'missing' {
    const path = join(this.#root, folder)
    const found = lookAt(path)
    if (!found || (this.#traits.isFolding && !isListed(path))) return 'missing'
    if (found.isSymbolicLink())
      throw problem('invalid', `${folder} is a symbolic link, which may lead out of the root`, subject)
    return found.isDirectory() ? 'folder' : 'other'
  }

  #make(folder: string, subject: Subject): void {
    const path = join(this.#root, folder)
    this.#durable.delete(folder)
    try {
      mkdirSync(path)
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
    if (!this.#traits.isFolding || isListed(path)) return
    this.#remove(folder)
    throw problem('conflict', `${folder} is another name of a folder that is there`, subject)
  }

  #remove(folder: string): boolean {
    try {
      rmdirSync(join(this.#root, folder))
    } catch (error) {
      // Not empty (POSIX allows either code), or gone already, and then so may be those above it.
      if (isMissing(error)) return true
      if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') return false
      throw error
    }
    this.#removals++
    return true
  }
}
