import { readdirSync } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isMissing } from './errno.ts'
import { bytesOf } from './key-range.ts'
import { lookAt } from './look.ts'

/** Names that are two, unless a file system folds case or takes the Unicode forms of a letter for one. */
const PAIRS = [
  ['a', 'A'],
  ['\u00e9', 'e\u0301'],
] as const

/**
 * Whether the file system of a folder takes two names for one, by trying it.
 * @param id begins the names of the files that are made for it, and removed
 */
export async function foldsNames(folder: string, id: string): Promise<boolean> {
  for (const [name, other] of PAIRS) {
    const path = join(folder, `${id}-${name}`)
    await (await open(path, 'wx')).close()
    try {
      if (lookAt(join(folder, `${id}-${other}`))) return true
    } finally {
      await unlink(path)
    }
  }
  return false
}

/** Whether what is found under a path is listed under that very name, byte for byte. */
export function isListed(path: string): boolean {
  try {
    return readdirSync(dirname(path), { encoding: 'latin1' }).includes(bytesOf(basename(path)))
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
