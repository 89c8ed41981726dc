import { HoldfastError, messageOf } from '../errors.ts'

/** A function of a plugin that the kernel waits for. */
export interface Part {
  /** The plugin's id. */
  readonly plugin: string
  /** For people: `service manifest`, `onStart`. */
  readonly what: string
}

/** The error of a part that threw. */
export function failed({ plugin, what }: Part, phase: 'start' | 'stop', cause: unknown): HoldfastError {
  return new HoldfastError(
    'HF_PLUGIN_FAILED',
    `plugin ${plugin} failed to ${phase} (${what}): ${messageOf(cause)}`,
    { operation: `node.${phase}`, context: { plugin, part: what, phase }, cause },
  )
}
