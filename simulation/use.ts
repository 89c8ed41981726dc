import type { Life } from './life.ts'

/** Something that somebody wants of a node. */
export interface Use {
  readonly what: string
  readonly name: string
  /** Its answer, in a word for the trace. */
  readonly run: (life: Life) => Promise<unknown>
}
