import { compareBytes, type Entry, type Manifest, type PlanItem } from '@holdfast/core'
import { breathe } from './candidates.ts'
import { pages } from './judge.ts'

/** Files that a search looks at in one run, whether or not their times are known. */
const LOOKED_AT = 100_000
const PAGE = 250

/** A part of all paths: those behind `after`, up to and with `to`. */
interface Leg {
  readonly after?: string
  readonly to?: string
}

/**
 * Finds files whose times are not known. No index has them, so each search looks at a part of all files and the next one
 * goes on behind it: what a run costs does not grow with what is kept. A file that was found is found again until it was
 * acted on. Where the search is stays in memory; a node that starts anew begins at the first path.
 */
export class UntimedFiles {
  /** The last path that is done with; undefined: none. */
  #after: string | undefined

  /** Of the next part: from where the search is to the last path, then from the first one on. Those that `choose` leaves. */
  async *next(
    manifest: Manifest,
    choose: (found: readonly Entry[]) => readonly Entry[],
    signal: AbortSignal,
  ): AsyncGenerator<readonly Entry[]> {
    const start = this.#after
    const legs: readonly Leg[] = start === undefined ? [{}] : [{ after: start }, { to: start }]
    let left = LOOKED_AT
    let last = start
    let hasFound = false
    for (const { after: from, to } of legs)
      for (let after = from; left > 0; ) {
        const limit = Math.min(PAGE, left)
        const { items, next } = manifest.entries({ limit, ...(after !== undefined && { after }) })
        const page = to === undefined ? items : items.filter(({ path }) => compareBytes(path, to) <= 0)
        left -= items.length
        last = page.at(-1)?.path ?? last
        const found = choose(page.filter(isUntimed))
        hasFound ||= found.length > 0
        if (found.length > 0) yield found
        await breathe(signal)
        if (next === undefined || page.length < items.length) break
        after = next
      }
    if (!hasFound) this.#after = last
  }

  /** Of all files whose paths begin so. */
  async *all(manifest: Manifest, prefix: string, signal: AbortSignal): AsyncGenerator<readonly Entry[]> {
    for (const page of pages((after) => manifest.entries({ prefix, ...after }))) {
      const found = page.filter(isUntimed)
      if (found.length > 0) yield found
      await breathe(signal)
    }
  }

  /** These have been looked into: the next search begins behind them. */
  passed(files: readonly PlanItem[]): void {
    this.#after = files.at(-1)?.path ?? this.#after
  }
}

function isUntimed({ maxTime }: Entry): boolean {
  return maxTime === undefined
}
