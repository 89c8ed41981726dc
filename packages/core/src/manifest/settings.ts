export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** A value that all nodes share. */
export interface Setting {
  readonly name: string
  readonly value: JsonValue
  /** The state-wide change number that it got when it last changed. */
  readonly generation: number
}

/** Who holds a role, and for the how manieth time it changed hands. */
export interface Role {
  readonly name: string
  /** The node. */
  readonly holder: string
  /** Number of the tenure, from 1; 0 before anybody has held the role. */
  readonly epoch: number
}
