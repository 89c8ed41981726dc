import { pathToFileURL } from 'node:url'
import { isPlugin, messageOf, type Plugin } from '@holdfast/core'
import { LoadFailure } from './load-problem.ts'
import { resolvePlugin } from './resolve-plugin.ts'

/**
 * A plugin by its name: resolves the package, imports it, and calls its export `plugin` with the options.
 * @throws LoadFailure
 */
export async function loadPlugin(name: string, options: object, configFile: string): Promise<Plugin> {
  const file = resolvePlugin(name, configFile)
  const factory = factoryOf(await step('its module threw', () => import(pathToFileURL(file).href)))
  const made = await step('its factory threw', () => factory(options))
  if (isPlugin(made)) return made
  throw new LoadFailure(
    'HF_PLUGIN_INVALID',
    `its \`plugin\` gives ${kindOf(made)}, not a Holdfast plugin; it must return what definePlugin gives`,
  )
}

function factoryOf(module: Readonly<Record<string, unknown>>): (options: object) => unknown {
  // Node does not always see the names that a CommonJS module exports.
  const plugin = module.plugin ?? (module.default as Readonly<Record<string, unknown>> | undefined)?.plugin
  if (typeof plugin === 'function') return plugin as (options: object) => unknown
  if (plugin === undefined)
    throw new LoadFailure(
      'HF_PLUGIN_HIDDEN',
      `is installed, but has no export \`plugin\`; it has ${Object.keys(module).join(', ') || 'none'}. If one of them is its factory, import it in the config file and call it`,
    )
  throw new LoadFailure(
    'HF_PLUGIN_INVALID',
    `its export \`plugin\` is ${kindOf(plugin)}, not a factory; if it is a plugin, import it in the config file`,
  )
}

async function step<T>(what: string, call: () => T): Promise<Awaited<T>> {
  try {
    return await call()
  } catch (error) {
    const code = (error as { readonly code?: unknown } | null | undefined)?.code
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
      throw new LoadFailure(
        'HF_PLUGIN_DEPENDENCY_MISSING',
        `is installed, but something that it imports is not: ${firstLine(error)}; install that beside it`,
        error,
      )
    throw new LoadFailure('HF_PLUGIN_FAILED', `${what}: ${firstLine(error)}`, error)
  }
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n', 1)[0] ?? ''
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
