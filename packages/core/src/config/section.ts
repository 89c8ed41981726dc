import type { Knobs } from './knob.ts'

/** The settings of one plugin, or of the node itself: what it takes, and what code gave it. */
export interface Section {
  /** Who it belongs to, for error messages: the plugin's npm name. */
  readonly owner: string
  /** Names the section in the file and its variables in the environment. */
  readonly id: string
  readonly knobs: Knobs
  /** What the factory, or `createNode`, was called with. */
  readonly code: Readonly<Record<string, unknown>>
}

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Something that keeps a node from being assembled. */
export interface Problem {
  /** The plugin's npm name, `node`, or `config`. */
  readonly plugin: string
  /** What is wrong and what to do about it. */
  readonly problem: string
}
