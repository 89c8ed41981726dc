import { createRequire, findPackageJSON, isBuiltin } from 'node:module'
import { messageOf } from '@holdfast/core'
import { LoadFailure } from './load-problem.ts'
import { SHORT_NAMES } from './short-names.ts'

/**
 * The file that a plugin's name stands for, as seen from the config file. `require.resolve` is the only resolver of
 * Node's that takes a starting point; it asks a package for its `require` and `default` conditions.
 * @throws LoadFailure
 */
export function resolvePlugin(name: string, configFile: string): string {
  if (isBuiltin(name)) throw new LoadFailure('HF_PLUGIN_INVALID', 'is a part of Node, not a plugin')
  const own = Object.hasOwn(SHORT_NAMES, name) ? SHORT_NAMES[name] : undefined
  if (own === undefined) return resolveFrom(configFile, name)
  // What this package brings along is not always visible in the user's folder (pnpm).
  const from = isInstalled(own, configFile) ? configFile : import.meta.filename
  return resolveFrom(from, own)
}

function resolveFrom(from: string, name: string): string {
  try {
    return createRequire(from).resolve(name)
  } catch (error) {
    throw whyUnresolved(from, name, error)
  }
}

function whyUnresolved(from: string, name: string, error: unknown): LoadFailure {
  if (!isInstalled(name, from))
    return new LoadFailure(
      'HF_PLUGIN_NOT_INSTALLED',
      `is not installed: npm install ${name}${name.startsWith('@') ? '' : `, if that is its full name; short names are ${Object.keys(SHORT_NAMES).join(', ')}`}`,
      error,
    )
  switch ((error as { code?: unknown }).code) {
    case 'ERR_PACKAGE_PATH_NOT_EXPORTED':
      return new LoadFailure(
        'HF_PLUGIN_HIDDEN',
        `is installed, but the "exports" of its package.json hides it: ${name} needs a "default" condition there, which its author must add; until then import its factory in the config file and call it`,
        error,
      )
    case 'MODULE_NOT_FOUND':
      return new LoadFailure(
        'HF_PLUGIN_HIDDEN',
        'is installed, but its package.json leads to a file that is not there; build it, or install it again',
        error,
      )
    default:
      return new LoadFailure(
        'HF_PLUGIN_HIDDEN',
        `is installed, but cannot be resolved: ${messageOf(error)}; install it again`,
        error,
      )
  }
}

function isInstalled(name: string, from: string): boolean {
  try {
    return findPackageJSON(name, from) !== undefined
  } catch {
    return false
  }
}
