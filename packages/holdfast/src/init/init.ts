import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { HoldfastError } from '@holdfast/core'
import { configFilesIn } from '../config-file/find.ts'
import { configText, type FolderNames } from './config-text.ts'

/** What was written. */
export interface Initialised {
  readonly config: string
  /** Folders that the node will make. */
  readonly data: string
  readonly files: string
  /** The file that keeps the folders out of git, and the lines that it got; absent where there is no git. */
  readonly gitignore?: { readonly file: string; readonly added: readonly string[] }
}

/** A module whatever the package.json above it says: `npm init` makes packages in which `.ts` may not import. */
const CONFIG = 'holdfast.config.mts'

/**
 * Writes a config file into a folder, which is made when it is not there, and keeps the node's folders out of git.
 * @throws HF_PATH_EXISTS when the folder has a config file; nothing was changed
 */
export function init(folder: string): Initialised {
  const root = resolve(folder)
  const config = join(root, CONFIG)
  const [present] = configFilesIn(root)
  if (present !== undefined) throw taken(present)
  mkdirSync(root, { recursive: true })
  const names = namesIn(root)
  // The config file comes last: until it is there, all of this can be done again.
  const gitignore = ignore(root, names)
  writeNew(config, configText(names))
  const { data, files } = names
  return { config, data: join(root, data), files: join(root, files), ...(gitignore && { gitignore }) }
}

/** Folders that are somebody else's are left to them. */
function namesIn(root: string): FolderNames {
  const isTaken = (name: string, ours: string) => {
    const folder = join(root, name)
    return existsSync(folder) && !existsSync(join(folder, ours)) && !isEmpty(folder)
  }
  if (isTaken('data', 'node.json') || isTaken('files', '.holdfast'))
    return { data: 'holdfast-data', files: 'holdfast-files' }
  return { data: 'data', files: 'files' }
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0
  } catch {
    return false
  }
}

/** Only ever adds lines to what is there. */
function ignore(root: string, { data, files }: FolderNames): Initialised['gitignore'] {
  const file = join(root, '.gitignore')
  const isThere = existsSync(file)
  if (!isThere && !inGit(root)) return undefined
  const text = isThere ? readFileSync(file, 'utf8') : ''
  const lines = text.split('\n').map((line) => line.trim())
  const added = [`/${data}/`, `/${files}/`].filter((line) => !lines.includes(line))
  const gap = text === '' || text.endsWith('\n') ? '' : '\n'
  if (added.length > 0) appendFileSync(file, `${gap}${added.join('\n')}\n`)
  return { file, added }
}

function inGit(folder: string): boolean {
  return existsSync(join(folder, '.git')) || (dirname(folder) !== folder && inGit(dirname(folder)))
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw taken(file)
    // Half a file must not be in the way of the next try.
    rmSync(file, { force: true })
    throw error
  }
}

function taken(file: string): HoldfastError {
  return new HoldfastError('HF_PATH_EXISTS', `${file} is there already, and stays as it is`)
}
