/** One setting of a plugin: what it means, what it takes, and what holds when it is not given. */
export interface Knob<T> {
  readonly doc: string
  /** What the knob takes, for error messages and docs: `a duration, such as 90d`. */
  readonly takes: string
  /** Absent: the knob must be given, unless it says what `unset` means. */
  readonly default?: T
  /**
   * Never shown in logs, dumps or errors. At least 4 characters: what is shorter cannot be told from other text, so
   * it would be left standing in what a plugin logs.
   */
  readonly secret?: boolean
  /** The environment variable that sets it. Default: HOLDFAST_<ID>_<KNOB>. */
  readonly env?: string
  /** What it means that the knob is not given, for one that has no default and need not be given. */
  readonly unset?: string
  /** What 0 means; needed wherever 0 is taken. */
  readonly zero?: string
  /** What a number below 0 means; needed wherever one is taken. */
  readonly negative?: string
  /** Only of knobs that are numbers, in the number's own unit. */
  readonly bounds?: Bounds
  /** Turns a given value into the knob's own; throws a plain Error that says what is wrong with it. */
  read(value: unknown): T
  /** Turns the text of an environment variable into what `read` takes. Absent: `read` takes the text itself. */
  fromText?(text: string): unknown
  /** The value as a person would write it: `90d`. Absent: as JSON. */
  show?(value: T): string
}

/** Floor and ceiling of a number; both are allowed values. */
export interface Bounds {
  readonly min: number
  readonly max?: number
}

export type Knobs = Readonly<Record<string, Knob<unknown>>>

/** The values that a set of knobs gives. */
export type ConfigOf<K extends Knobs> = { readonly [N in keyof K]: K[N] extends Knob<infer T> ? T : never }

/** A value of a knob as a person would write it. */
export function shownValue<T>(knob: Knob<T>, value: T): string {
  if (value === undefined) return 'unset'
  return knob.show?.(value) ?? JSON.stringify(value) ?? String(value)
}
