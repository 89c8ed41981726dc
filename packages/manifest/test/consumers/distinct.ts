/** First occurrences: what is left of a sequence when repeated deliveries are taken out. */
export function distinct(seen: readonly string[]): string[] {
  return [...new Set(seen)]
}
