import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where the new package should go, something lies already. */
export class FolderNotEmpty extends Error {
  override readonly name = 'FolderNotEmpty'
}

/**
 * Writes a package into a folder that is empty, or not there yet. Replaces nothing.
 * @throws FolderNotEmpty
 */
export function writePackage(folder: string, files: ReadonlyMap<string, string>): void {
  mustBeEmpty(folder)
  for (const [file, text] of files) {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { flag: 'wx' })
  }
}

function mustBeEmpty(folder: string): void {
  let found: string[]
  try {
    found = readdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    if (code === 'ENOTDIR') throw new FolderNotEmpty(`${folder} is a file; name another folder`)
    throw error
  }
  if (found.length > 0)
    throw new FolderNotEmpty(
      `${folder} is not empty: it has ${found.slice(0, 3).join(', ')}${found.length > 3 ? ', ...' : ''}; name another folder`,
    )
}
