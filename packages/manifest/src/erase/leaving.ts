import { type HoldfastError, hasCode } from '@holdfast/core'
import { named, TABLE } from '../format/rows.ts'
import { folderOf, readFolder } from '../state/folders.ts'
import type { Rows } from '../state/rows.ts'

/** A folder whose row cannot be read. */
export interface DamagedFolder {
  readonly folder: string
  readonly error: HoldfastError
}

/**
 * Which rows of folders apply reads when keys are gone, one after the other: that of the folder of a key, and that of the
 * folder above when nothing is left in it.
 */
export class Leaving {
  /** Keys that go, in their order. */
  readonly keys: string[] = []
  readonly #rows: Rows
  /** What is left in each folder that was read. */
  readonly #left = new Map<string, number | HoldfastError>()

  /** `before`: keys that go first, or have gone since. */
  constructor(rows: Rows, before: Iterable<string> = []) {
    this.#rows = rows
    for (const key of before) this.add(key)
  }

  /** One more key goes. It stays when a row of a folder cannot be read that has to be: gives that folder. */
  add(key: string): DamagedFolder | undefined {
    const fewer: [string, number][] = []
    for (let folder = folderOf(key); folder !== ''; folder = folderOf(folder)) {
      const left = this.#leftIn(folder)
      if (typeof left !== 'number') return { folder, error: left }
      fewer.push([folder, left - 1])
      // Of a key that has gone since there may be one too few: then one row more is read.
      if (left > 1) break
    }
    for (const [folder, left] of fewer) this.#left.set(folder, left)
    this.keys.push(key)
    return undefined
  }

  #leftIn(folder: string): number | HoldfastError {
    const known = this.#left.get(folder)
    if (known !== undefined) return known
    const left = childrenOf(this.#rows, folder)
    if (typeof left !== 'number') this.#left.set(folder, left)
    return left
  }
}

/** How much is directly in a folder, or why that cannot be read. */
export function childrenOf(rows: Rows, folder: string): number | HoldfastError {
  try {
    return rows.get(named(TABLE.folder, folder), readFolder)?.children ?? 0
  } catch (error) {
    if (!hasCode(error, 'HF_MANIFEST_CORRUPT')) throw error
    return error
  }
}
