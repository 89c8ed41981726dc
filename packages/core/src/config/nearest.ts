/** The name that a person most likely meant, if one is near enough to be a slip. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(given.length / 3))
  const scored = names.map((name) => ({ name, steps: distance(given.toLowerCase(), name.toLowerCase()) }))
  const best = scored.sort((a, b) => a.steps - b.steps)[0]
  return best && best.steps <= limit ? best.name : undefined
}

/** ` did you mean "x"?` or nothing, to end a sentence with. */
export function suggestion(given: string, names: readonly string[]): string {
  const meant = nearest(given, names)
  return meant === undefined ? '' : ` did you mean "${meant}"?`
}

/** Letters to insert, drop, exchange or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const next = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      next.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (next[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    before = last
    last = next
  }
  return last[b.length] ?? 0
}
