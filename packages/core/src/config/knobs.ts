import type { Bounds, Knob } from './knob.ts'
import { BYTE_UNITS, quantity, showQuantity, TIME_UNITS, type Units, withinBounds } from './quantity.ts'

interface Common<T> {
  readonly doc: string
  /** Absent: the knob must be given. */
  readonly default?: T
  /** Never shown in logs, dumps or errors. */
  readonly secret?: boolean
  /** The environment variable that sets it. Default: HOLDFAST_<ID>_<KNOB>. */
  readonly env?: string
}

interface Range<T> {
  /** Smallest value allowed. Default 0. */
  readonly min?: T
  /** Largest value allowed. Default: the largest whole number that is exact, 2^53-1. */
  readonly max?: T
  /** What 0 means, where it is allowed. */
  readonly zero?: string
  /** What a value below 0 means, where it is allowed. */
  readonly negative?: string
}

/** Milliseconds, given as a number of them or as text: `250ms`, `30s`, `5m`, `12h`, `90d`. */
export function duration(options: Common<number | string> & Range<number | string>): Knob<number> {
  return measured(options, TIME_UNITS, 'a duration, such as 500ms, 30s, 5m, 12h or 90d')
}

/** Bytes, given as a number of them or as text: `512KiB`, `64MiB`, `10GiB`. */
export function bytes(options: Common<number | string> & Range<number | string>): Knob<number> {
  return measured(options, BYTE_UNITS, 'a size, such as 512KiB, 64MiB or 10GiB')
}

function measured(
  options: Common<number | string> & Range<number | string>,
  units: Units,
  takes: string,
): Knob<number> {
  const bounds = boundsOf(options, (value) => quantity(value, units))
  const show = (value: number) => showQuantity(value, units)
  const read = (value: unknown) => withinBounds(quantity(value, units), bounds, show)
  return make(options, { takes, read, bounds, show })
}

/** A whole number. */
export function integer(options: Common<number> & Range<number>): Knob<number> {
  const bounds = boundsOf(options, Number)
  const read = (value: unknown) => {
    if (!Number.isSafeInteger(value)) throw new Error('it is not a whole number')
    return withinBounds((value as number) + 0, bounds, String)
  }
  const fromText = (given: string) => (/^-?\d+$/.test(given) ? Number(given) : given)
  return make(options, { takes: 'a whole number', read, bounds, show: String, fromText })
}

const SWITCH: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  yes: true,
  on: true,
  false: false,
  0: false,
  no: false,
  off: false,
}

/** True or false; in the environment `true`, `1`, `yes`, `on`, `false`, `0`, `no` or `off`, in any case, and nothing else. */
export function bool(options: Common<boolean>): Knob<boolean> {
  const read = (value: unknown) => {
    if (typeof value !== 'boolean') throw new Error('it is not true or false')
    return value
  }
  const fromText = (given: string) => {
    const word = given.toLowerCase()
    return Object.hasOwn(SWITCH, word) ? SWITCH[word] : given
  }
  return make(options, {
    takes: 'true or false (in the environment also 1, yes, on, 0, no, off)',
    read,
    fromText,
  })
}

/** Text that is not empty. */
export function text(options: Common<string>): Knob<string> {
  const read = (value: unknown) => {
    if (typeof value !== 'string' || value === '') throw new Error('it is not a text')
    return value
  }
  return make(options, { takes: 'a text', read, show: (value) => value })
}

/** One of some words. */
export function oneOf<const T extends string>(values: readonly T[], options: Common<T>): Knob<T> {
  const read = (value: unknown) => {
    if (!values.includes(value as T)) throw new Error('it is none of these')
    return value as T
  }
  return make(options, { takes: `one of ${values.join(', ')}`, read, show: (value) => value })
}

/**
 * A setting with a shape of its own. `read` throws a plain Error with every problem it finds. In the environment, text
 * that begins with `[` or `{` is read as JSON; all other text is handed over as it is.
 */
export function shape<T>(
  options: Common<unknown> & { readonly takes: string; readonly read: (value: unknown) => T },
): Knob<T> {
  const { takes, read } = options
  const knob: Knob<T> = make(options, {
    takes,
    read,
    fromText: (given) => (/^\s*[[{]/.test(given) ? parsed(given) : given),
    // The default as its author wrote it says more than what was made of it.
    show: (value) => written(value === knob.default ? options.default : value),
  })
  return knob
}

/** The same knob, which need not be given; `unset` says what holds then. */
export function optional<T>(knob: Knob<T>, unset: string): Knob<T | undefined> {
  return { ...(knob as Knob<T | undefined>), unset }
}

function make<T>(
  options: Common<unknown> & Range<unknown>,
  own: Pick<Knob<T>, 'takes' | 'read' | 'bounds' | 'show' | 'fromText'>,
): Knob<T> {
  const { doc, secret, env, zero, negative } = options
  return {
    doc,
    ...own,
    ...(secret && { secret }),
    ...(env !== undefined && { env }),
    ...(zero !== undefined && { zero }),
    ...(negative !== undefined && { negative }),
    ...(options.default !== undefined && { default: own.read(options.default) }),
  }
}

function boundsOf<T>({ min, max }: Range<T>, read: (value: T) => number): Bounds {
  return {
    min: min === undefined ? 0 : read(min),
    ...(max === undefined ? {} : { max: read(max) }),
  }
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
}

function parsed(given: string): unknown {
  try {
    return JSON.parse(given)
  } catch {
    // The parser's own message quotes the text.
    throw new Error('it begins like JSON and is none')
  }
}
