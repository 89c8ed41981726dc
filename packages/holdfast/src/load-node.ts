import { createNode, type HoldfastNode, type NodeOptions, type Plugin } from '@holdfast/core'
import type { PluginEntry } from './config-file/config.ts'
import { findConfigFile } from './config-file/find.ts'
import { readConfigFile } from './config-file/read.ts'
import { loadPlugin } from './loading/load-plugin.ts'
import { LoadFailure, pluginsNotLoaded } from './loading/load-problem.ts'

/** What a program says beside the config file; stronger than environment and file. */
export type LoadOptions = Omit<NodeOptions, 'plugins' | 'config'>

/**
 * The node that a config file describes, assembled and not started. `fileOrFolder` is the file, or a folder with a
 * `holdfast.config.ts`, `.mts`, `.js`, `.mjs` or `.json`. A plugin that cannot be loaded is an error, never skipped.
 *
 * @throws HF_CONFIG_INVALID when the file is missing, cannot be read, or has another outline
 * @throws HF_PLUGINS_NOT_LOADED with every name that cannot be loaded, each with its own code
 * @throws HF_ASSEMBLY_INVALID with every problem of the plugins and their settings
 */
export async function loadNode(fileOrFolder: string, options: LoadOptions = {}): Promise<HoldfastNode> {
  const file = findConfigFile(fileOrFolder)
  const { plugins: entries, config, node } = await readConfigFile(file)
  const plugins: Plugin[] = []
  const failures: { plugin: string; failure: LoadFailure }[] = []
  for (const entry of entries) {
    const named = nameIn(entry)
    if (!named) plugins.push(entry as Plugin)
    else
      try {
        plugins.push(await loadPlugin(named.name, named.options, file))
      } catch (failure) {
        if (!(failure instanceof LoadFailure)) throw failure
        failures.push({ plugin: named.name, failure })
      }
  }
  if (failures.length > 0) throw pluginsNotLoaded(file, failures)
  return createNode({ ...options, plugins, config: { ...config, ...(node && { node }) } })
}

function nameIn(entry: PluginEntry): { readonly name: string; readonly options: object } | undefined {
  if (typeof entry === 'string') return { name: entry, options: {} }
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') return undefined
  return { name: entry[0], options: entry[1] ?? {} }
}
