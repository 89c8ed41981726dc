/** Freezes a value with all plain objects and arrays in it, and gives it back. What is frozen already is left as it is. */
export function frozen<T>(value: T): T {
  if (!isPlain(value) || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) frozen(part)
  return value
}

/** A frozen copy of plain objects and arrays; whatever else is in them is handed on as it is. */
export function frozenCopy<T>(value: T): T {
  return copied(value, new Map()) as T
}

function copied(value: unknown, seen: Map<object, unknown>): unknown {
  if (!isPlain(value)) return value
  const known = seen.get(value)
  if (known !== undefined) return known
  const copy: Record<string, unknown> = Array.isArray(value) ? ([] as never) : {}
  seen.set(value, copy)
  for (const [name, part] of Object.entries(value)) copy[name] = copied(part, seen)
  return Object.freeze(copy)
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
