import { statSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { configInvalid } from './invalid.ts'

/** `.mts` and `.mjs` are modules whatever the package.json above them says. */
const ENDINGS = ['ts', 'mts', 'js', 'mjs', 'json']
const NAMES = ENDINGS.map((ending) => `holdfast.config.${ending}`)

/** The config files in a folder; there should be one. */
export function configFilesIn(folder: string): readonly string[] {
  return NAMES.map((name) => join(folder, name)).filter(isFile)
}

/** The config file itself, or the one in a folder. @throws HF_CONFIG_INVALID when there is none, or more than one */
export function findConfigFile(fileOrFolder: string): string {
  if (typeof fileOrFolder !== 'string')
    throw new TypeError('loadNode takes the path of a config file, or of the folder that it is in')
  const path = resolve(fileOrFolder)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw configInvalid(path, ['there is no such file or folder'])
  if (!found.isDirectory()) {
    if (!ENDINGS.includes(extname(path).slice(1)))
      throw configInvalid(path, [`a config file is ${ENDINGS.map((ending) => `.${ending}`).join(', ')}`])
    // Reading from a pipe could wait for ever.
    if (!found.isFile()) throw configInvalid(path, ['it is not a file'])
    return path
  }
  const [file, ...others] = configFilesIn(path)
  if (file === undefined)
    throw configInvalid(path, [`the folder has no ${NAMES.join(', ')}; "holdfast init" writes one`])
  if (others.length > 0)
    throw configInvalid(path, [`there are ${[file, ...others].join(' and ')}; keep one, or name it`])
  return file
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
