import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf } from '@holdfast/core'
import type { HoldfastConfig } from './config.ts'
import { configInvalid } from './invalid.ts'

/**
 * Reads a config file: JSON, or a module whose default export is the config. Types in a .ts file are stripped by Node.
 * @throws HF_CONFIG_INVALID with everything that is wrong with its outline
 */
export async function readConfigFile(file: string): Promise<HoldfastConfig> {
  const given = file.endsWith('.json') ? await readJson(file) : await readModule(file)
  const problems = [...outlineProblems(given)]
  if (problems.length > 0) throw configInvalid(file, problems)
  return given as HoldfastConfig
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw configInvalid(file, [`it cannot be read: ${messageOf(error)}`], error)
  })
  try {
    // Some editors begin a file with a mark of its byte order.
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    // The parser's message quotes the text around the mistake, which may be a secret.
    throw configInvalid(file, ['it is not JSON'])
  }
}

async function readModule(file: string): Promise<unknown> {
  let module: { readonly default?: unknown }
  try {
    module = await import(pathToFileURL(file).href)
  } catch (error) {
    throw configInvalid(file, [`it cannot be imported: ${messageOf(error)}${hint(file, error)}`], error)
  }
  if (module.default === undefined)
    throw configInvalid(file, ['it has no default export; write export default defineConfig({ ... })'])
  return module.default
}

/** `npm init` makes packages whose .js and .ts files may not import and export. */
function hint(file: string, error: unknown): string {
  const ending = extname(file)
  if (!(error instanceof SyntaxError) || ending.startsWith('.m')) return ''
  return `; if it stumbles over import or export, name the file ${basename(file, ending)}.m${ending.slice(1)}`
}

const KEYS = ['plugins', 'config', 'node']

function* outlineProblems(given: unknown): Generator<string> {
  if (typeof given === 'function') return yield 'it exports a function; export what defineConfig gives'
  if (!isRecord(given)) return yield 'it is not an object; write defineConfig({ plugins: [...] })'
  for (const key of Object.keys(given))
    if (!KEYS.includes(key)) yield `"${key}" is unknown; known are ${KEYS.join(', ')}`
  if (!Array.isArray(given.plugins)) yield '"plugins" is not a list; a node needs some'
  else for (const [index, entry] of given.plugins.entries()) yield* entryProblems(entry, index)
  if (given.config !== undefined) {
    if (!isRecord(given.config)) yield '"config" is not an object of sections, one for each plugin by its id'
    else if (Object.hasOwn(given.config, 'node'))
      yield 'settings of the node stand in "node", not in "config"'
  }
  if (given.node !== undefined && !isRecord(given.node)) yield '"node" is not an object of settings'
}

/** Of entries that begin with a name; what is wrong with made plugins, `createNode` says better. */
function* entryProblems(entry: unknown, index: number): Generator<string> {
  if (entry === '') yield `plugins[${index}] is an empty name`
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') return
  if (entry[0] === '') yield `plugins[${index}] has an empty name`
  if (entry.length > 2 || (entry[1] !== undefined && !isRecord(entry[1])))
    yield `plugins[${index}] is not ["${entry[0]}", { ...options }]`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
