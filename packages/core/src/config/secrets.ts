import { inspect } from 'node:util'

const MASK = '(secret)'
/** Shorter ones stand by chance in many texts; masking them would spoil every line and hide nothing. */
const SHORTEST = 4

/** Texts are not broken into lines or cut off in such a dump. */
const DUMP = { depth: 4, breakLength: Infinity, maxStringLength: Infinity, maxArrayLength: Infinity }

/** Knows the secrets of a node's settings and takes them out of what is about to be shown. */
export class Secrets {
  /** Longest first: one secret may be a part of another. */
  #known: readonly string[] = []
  /** How often a secret was found. */
  #found = 0

  /** Remembers every text in a value of a secret knob, also as it stands in JSON, in a dump and in an address. */
  add(value: unknown): void {
    if (typeof value === 'string') {
      if (value.length < SHORTEST) return
      const quoted = [JSON.stringify(value), inspect(value, DUMP)].map((text) => text.slice(1, -1))
      const forms = new Set([...this.#known, value, ...quoted, encodeURIComponent(value.toWellFormed())])
      this.#known = [...forms].sort((a, b) => b.length - a.length)
    } else if (typeof value === 'number' || typeof value === 'bigint') this.add(String(value))
    else if (typeof value === 'object' && value !== null)
      for (const part of Object.values(value)) this.add(part)
  }

  get none(): boolean {
    return this.#known.length === 0
  }

  mask(text: string): string {
    let masked = text
    for (const secret of this.#known) masked = masked.replaceAll(secret, MASK)
    if (masked !== text) this.#found++
    return masked
  }

  /**
   * What a plugin threw, as others may see it: itself when no secret is in it, in what caused it, or in a field of it;
   * otherwise a copy of the same class without them. Every place where the kernel hands on what a plugin threw asks this.
   */
  shown(thrown: unknown): unknown {
    if (this.none) return thrown
    const before = this.#found
    try {
      const copy = this.#masked(thrown, new Map())
      return this.#found === before ? thrown : copy
    } catch {
      // What cannot even be looked at cannot be shown.
      return new Error(MASK)
    }
  }

  /** A copy of facts for the log without secrets; what holds none is handed on as it is. */
  maskFacts(facts: object): object {
    return this.#masked(facts, new Map()) as object
  }

  #masked(value: unknown, seen: Map<object, unknown>): unknown {
    if (typeof value === 'string') return this.mask(value)
    if (typeof value === 'number' || typeof value === 'bigint') {
      if (!this.#known.includes(String(value))) return value
      this.#found++
      return MASK
    }
    if (typeof value !== 'object' || value === null) return value
    if (seen.has(value)) return seen.get(value)
    if (value instanceof Error) return this.#maskedError(value, seen)
    if (Array.isArray(value)) {
      const copy: unknown[] = []
      seen.set(value, copy)
      for (const item of value) copy.push(this.#masked(item, seen))
      return copy
    }
    if (showsItself(value)) return this.#maskedJson(value)
    const copy: Record<string, unknown> = {}
    seen.set(value, copy)
    for (const [name, part] of Object.entries(value)) copy[this.mask(name)] = this.#masked(part, seen)
    return copy
  }

  /** Still an error of its class and brand, for whoever asks. */
  #maskedError(error: Error, seen: Map<object, unknown>): object {
    // Name and code of a DOMException lie inside of it, where no other object has any.
    const copy: object =
      error instanceof DOMException
        ? new DOMException('', error.name)
        : Object.setPrototypeOf(new Error(), Object.getPrototypeOf(error) as object)
    seen.set(error, copy)
    for (const name of new Set([...Reflect.ownKeys(error), 'message', 'stack'])) {
      const value = this.#masked(fieldOf(error, name), seen)
      const enumerable = Object.prototype.propertyIsEnumerable.call(error, name)
      Object.defineProperty(copy, name, { value, enumerable, configurable: true, writable: true })
    }
    return copy
  }

  /** Only what comes out of such an object can be judged: as JSON, and as people print it. */
  #maskedJson(value: object): unknown {
    let text: string
    try {
      text = JSON.stringify(value) ?? 'null'
    } catch {
      this.#found++
      return MASK
    }
    const before = this.#found
    const masked = this.#masked(JSON.parse(text), new Map())
    if (this.#found > before) return masked
    this.mask(inspect(value, DUMP))
    return this.#found > before ? MASK : value
  }
}

/** What a field holds; a getter that throws hides something. */
function fieldOf(object: object, name: string | symbol): unknown {
  try {
    return Reflect.get(object, name)
  } catch {
    return MASK
  }
}

/** Whether an object decides by itself what is seen of it: one of a class, or one with a `toJSON`. */
function showsItself(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype !== Object.prototype && prototype !== null) || 'toJSON' in value
}
