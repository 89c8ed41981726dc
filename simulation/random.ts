import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** All chance of a lifetime: the same seed gives the same answers in the same order. */
export class Random {
  readonly #generator

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed)
    // Neighbouring seeds begin alike.
    for (let skipped = 0; skipped < 20; skipped++) this.#generator.next()
  }

  /** A whole number from `from` to `to`, both inclusive. */
  between(from: number, to: number): number {
    return uniformInt(this.#generator, from, to)
  }

  chance(percent: number): boolean {
    return this.between(0, 99) < percent
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : items[this.between(0, items.length - 1)]
  }

  /** One of the names, each as likely as its weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.keys(weights) as Name[]
    const total = names.reduce((sum, name) => sum + weights[name], 0)
    let left = this.between(0, total - 1)
    for (const name of names) {
      left -= weights[name]
      if (left < 0) return name
    }
    throw new TypeError('nothing has a weight')
  }
}
