import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { configInvalid } from './invalid.ts'

const NAMES = ['holdfast.config.ts', 'holdfast.config.js', 'holdfast.config.json']

/** The config file itself, or the one in a folder. @throws HF_CONFIG_INVALID when there is none, or more than one */
export function findConfigFile(fileOrFolder: string): string {
  if (typeof fileOrFolder !== 'string')
    throw new TypeError('loadNode takes the path of a config file, or of the folder that it is in')
  const path = resolve(fileOrFolder)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw configInvalid(path, ['there is no such file or folder'])
  if (!found.isDirectory()) {
    if (/\.(ts|js|json)$/.test(path)) return path
    throw configInvalid(path, ['a config file is .ts, .js or .json'])
  }
  const [file, ...others] = NAMES.map((name) => join(path, name)).filter(isFile)
  if (file === undefined) throw configInvalid(path, [`the folder has no ${NAMES.join(', ')}`])
  if (others.length > 0)
    throw configInvalid(path, [`there are ${[file, ...others].join(' and ')}; keep one, or name it`])
  return file
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
