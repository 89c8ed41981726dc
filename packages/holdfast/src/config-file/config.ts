import type { NodeOptions, Plugin } from '@holdfast/core'

/**
 * A plugin by name, by name with options for its factory, or made already. Short names are ours only; all others are
 * named in full, and found from the config file's folder. Options that a factory is called with count as code: the
 * environment does not beat them. What it should beat stands under `config`.
 */
export type PluginEntry =
  | string
  | readonly [name: string]
  | readonly [name: string, options: Readonly<Record<string, unknown>>]
  | Plugin

/** What a config file says. */
export interface HoldfastConfig {
  readonly plugins: readonly PluginEntry[]
  /** Settings by knob, by plugin id: `{ retention: { eraseDelay: '2h' } }`. The environment beats them. */
  readonly config?: NonNullable<NodeOptions['config']>
  /** Settings of the node itself: `{ log: 'info', stopDeadline: '1m' }`. The environment beats them. */
  readonly node?: Readonly<Record<string, unknown>>
}

/** Gives back what it gets, typed: `export default defineConfig({ plugins: ['retention'] })`. */
export function defineConfig(config: HoldfastConfig): HoldfastConfig {
  return config
}
