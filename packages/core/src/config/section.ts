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

/** What is wrong with somebody's settings, and what to do about it. */
export interface SectionProblem {
  readonly plugin: string
  readonly problem: string
}
