const FIRST_MS = 1000
const LONGEST_MS = 10 * 60_000

/** Milliseconds to wait after this many failures: doubles from a second up to ten minutes. */
export function backoff(attempts: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempts - 1))
}
