import type { Bounds } from './knob.ts'

/** Units by name, in their smallest, from small to large. */
export type Units = Readonly<Record<string, number>>

/** In milliseconds. */
export const TIME_UNITS: Units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** In bytes. */
export const BYTE_UNITS: Units = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 }

/** A number of the smallest unit, or text with a unit: `1.5h`. Text needs no unit for 0, which is 0 in all of them. */
export function quantity(value: unknown, units: Units): number {
  if (value === '0') return 0
  const given = typeof value === 'number' ? value : fromText(value, units)
  if (!Number.isFinite(given)) throw new Error('it is not a finite number')
  const rounded = Math.round(given) + 0
  // 0 has a meaning of its own: nobody gets it for having asked for a little.
  if (rounded === 0 && given !== 0) throw new Error(`it is less than 1 ${Object.keys(units)[0]}, and not 0`)
  return rounded
}

function fromText(value: unknown, units: Units): number {
  const parts = typeof value === 'string' ? /^(-?\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(value) : null
  const unit = parts?.[2] !== undefined && Object.hasOwn(units, parts[2]) ? units[parts[2]] : undefined
  if (!parts || unit === undefined) throw new Error(`it has no unit of ${Object.keys(units).join(', ')}`)
  return Number(parts[1]) * unit
}

/** In the largest unit that gives a whole number: 90000 is `90s`. */
export function showQuantity(value: number, units: Units): string {
  const [name, size] = Object.entries(units).findLast(([, unit]) => value % unit === 0) ?? ['', 1]
  return value === 0 ? '0' : `${value / size}${name}`
}

/** @throws Error that names the floor or the ceiling */
export function withinBounds(value: number, bounds: Bounds, show: (value: number) => string): number {
  const { min, max = Number.MAX_SAFE_INTEGER } = bounds
  if (value < min) throw new Error(`it is below its floor of ${show(min)}`)
  if (value > max) throw new Error(`it is above its ceiling of ${show(max)}`)
  return value
}
