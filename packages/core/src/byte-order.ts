/**
 * Orders strings as their UTF-8 bytes are ordered, the order of every store and listing.
 * JavaScript's own `<` orders by UTF-16 units, which differs outside the basic plane: a surrogate
 * (U+D800 to U+DFFF) stands for a code point above all of U+E000 to U+FFFF but compares below them.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return lift(x) - lift(y)
  }
  return a.length - b.length
}

/** Moves surrogates above the rest of the basic plane, which turns UTF-16 order into UTF-8 order. */
function lift(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
