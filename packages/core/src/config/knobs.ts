/** One setting of a plugin: what it means, what it takes, and what holds when it is not given. */
export interface Knob<T> {
  readonly doc: string
  /** What the knob takes, for error messages and docs: `a duration, such as 90d`. */
  readonly takes: string
  /** Absent: the knob must be given. */
  readonly default?: T
  /** Never shown in logs, dumps or errors. */
  readonly secret?: boolean
  /** Turns a given value into the knob's own; throws a plain Error that says what is wrong with it. */
  read(value: unknown): T
}

export type Knobs = Readonly<Record<string, Knob<unknown>>>

/** The values that a set of knobs gives. */
export type ConfigOf<K extends Knobs> = { readonly [N in keyof K]: K[N] extends Knob<infer T> ? T : never }

interface Common<T> {
  readonly doc: string
  readonly default?: T
  readonly secret?: boolean
}

interface Range {
  /** Smallest value allowed. Default 0. */
  readonly min?: number
  /** Largest value allowed. */
  readonly max?: number
}

const UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const BYTE_UNIT: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
}

function make<T>(
  common: Omit<Common<unknown>, 'default'>,
  fallback: T | undefined,
  takes: string,
  read: (value: unknown) => T,
): Knob<T> {
  return {
    doc: common.doc,
    takes,
    read,
    ...(common.secret && { secret: true }),
    ...(fallback !== undefined && { default: fallback }),
  }
}

/** Milliseconds, given as a number of them or as text: `250ms`, `30s`, `5m`, `12h`, `90d`. */
export function duration(options: Common<number | string> & Range): Knob<number> {
  const read = (value: unknown) => inRange(quantity(value, UNIT), options)
  return make(options, fallbackOf(options, read), 'a duration, such as 500ms, 30s, 5m, 12h or 90d', read)
}

/** Bytes, given as a number of them or as text: `512KiB`, `64MiB`, `10GiB`. */
export function bytes(options: Common<number | string> & Range): Knob<number> {
  const read = (value: unknown) => inRange(quantity(value, BYTE_UNIT), options)
  return make(options, fallbackOf(options, read), 'a size, such as 512KiB, 64MiB or 10GiB', read)
}

export function integer(options: Common<number> & Range): Knob<number> {
  const read = (value: unknown) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new Error('it is not a whole number')
    return inRange(value, options)
  }
  return make(options, fallbackOf(options, read), 'a whole number', read)
}

export function bool(options: Common<boolean>): Knob<boolean> {
  const read = (value: unknown) => {
    if (typeof value !== 'boolean') throw new Error('it is not true or false')
    return value
  }
  return make(options, fallbackOf(options, read), 'true or false', read)
}

export function text(options: Common<string>): Knob<string> {
  const read = (value: unknown) => {
    if (typeof value !== 'string' || value === '') throw new Error('it is not a text')
    return value
  }
  return make(options, fallbackOf(options, read), 'a text', read)
}

export function oneOf<const T extends string>(values: readonly T[], options: Common<T>): Knob<T> {
  const read = (value: unknown) => {
    if (!values.includes(value as T)) throw new Error('it is none of these')
    return value as T
  }
  return make(options, fallbackOf(options, read), `one of ${values.join(', ')}`, read)
}

/** A setting with a shape of its own. `read` throws a plain Error with every problem it finds. */
export function shape<T>(
  options: Common<unknown> & { readonly takes: string; readonly read: (value: unknown) => T },
): Knob<T> {
  return make(options, fallbackOf(options, options.read), options.takes, options.read)
}

function fallbackOf<T>(options: { readonly default?: unknown }, read: (value: unknown) => T): T | undefined {
  return options.default === undefined ? undefined : read(options.default)
}

/** A number with an optional unit. */
export function quantity(value: unknown, units: Readonly<Record<string, number>> = UNIT): number {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error('it is not a finite number')
    return Math.round(value)
  }
  const parts = typeof value === 'string' ? /^(-?\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(value) : null
  const unit = parts?.[2] === undefined ? undefined : units[parts[2]]
  if (!parts || unit === undefined) throw new Error(`it has no unit of ${Object.keys(units).join(', ')}`)
  return Math.round(Number(parts[1]) * unit)
}

function inRange(value: number, { min = 0, max = Number.MAX_SAFE_INTEGER }: Range): number {
  if (value < min) throw new Error(`it is below ${min}`)
  if (value > max) throw new Error(`it is above ${max}`)
  return value
}
