const MASK = '(secret)'
/** Shorter ones stand by chance in many texts; masking them would spoil every line and hide nothing. */
const SHORTEST = 4

/** Knows the secrets of a node's settings and takes them out of what is about to be shown. */
export class Secrets {
  readonly #known = new Set<string>()

  /** Remembers every text in a value of a secret knob. */
  add(value: unknown): void {
    if (typeof value === 'string') {
      if (value.length >= SHORTEST) this.#known.add(value)
    } else if (typeof value === 'number' || typeof value === 'bigint') this.add(String(value))
    else if (typeof value === 'object' && value !== null)
      for (const part of Object.values(value)) this.add(part)
  }

  get none(): boolean {
    return this.#known.size === 0
  }

  mask(text: string): string {
    let masked = text
    // Longest first: one secret may be a part of another.
    for (const secret of [...this.#known].sort((a, b) => b.length - a.length))
      masked = masked.replaceAll(secret, MASK)
    return masked
  }

  /** Whether it, or anything that caused it, names a secret. */
  isIn(error: unknown): boolean {
    if (!(error instanceof Error)) return typeof error === 'string' && this.mask(error) !== error
    const text = `${error.message}\n${error.stack ?? ''}`
    return this.mask(text) !== text || (error.cause !== undefined && this.isIn(error.cause))
  }

  /** A copy of facts for the log without secrets; what holds none is handed on as it is. */
  maskFacts(facts: object): object {
    return this.#masked(facts, new Map()) as object
  }

  #masked(value: unknown, seen: Map<object, unknown>): unknown {
    if (typeof value === 'string') return this.mask(value)
    if (typeof value === 'number' || typeof value === 'bigint')
      return this.#known.has(String(value)) ? MASK : value
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
    for (const [name, part] of Object.entries(value)) copy[name] = this.#masked(part, seen)
    return copy
  }

  /** Still an instance of its class, for serialisers that ask. */
  #maskedError(error: Error, seen: Map<object, unknown>): object {
    const copy: object = Object.create(Object.getPrototypeOf(error) as object)
    seen.set(error, copy)
    for (const name of Object.getOwnPropertyNames(error)) {
      const value = this.#masked((error as unknown as Record<string, unknown>)[name], seen)
      Object.defineProperty(copy, name, {
        value,
        enumerable: Object.prototype.propertyIsEnumerable.call(error, name),
      })
    }
    return copy
  }

  /** Only what comes out of such an object can be judged. */
  #maskedJson(value: object): unknown {
    let text: string
    try {
      text = JSON.stringify(value) ?? 'null'
    } catch {
      return MASK
    }
    const masked = this.#masked(JSON.parse(text), new Map())
    return JSON.stringify(masked) === text ? value : masked
  }
}

/** Whether an object decides by itself what is seen of it: one of a class, or one with a `toJSON`. */
function showsItself(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype !== Object.prototype && prototype !== null) || 'toJSON' in value
}
