import type { FailpointName } from '@holdfast/core'

/** The environment variable that carries an {@link Arming} as JSON to the child. */
export const ARMING = 'HOLDFAST_CRASH'

/** The child's end of a pipe to its parent: the point that it dies at, or at its end a {@link Report} as JSON. */
export const REPORT_FD = 3

/** What a child is asked to do. */
export interface Arming {
  readonly at?: FailpointName
  readonly skip?: number
}

/** What a child that was not killed says at its end. */
export interface Report {
  /** How often each point of the program's node was passed; 0 for those that were not. */
  readonly passes: Readonly<Record<string, number>>
}
