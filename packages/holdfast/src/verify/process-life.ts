import { setTimeout } from 'node:timers/promises'

/** Handles close a few turns after they were told to. */
const PATIENCE_MS = 2000

/**
 * Keeps this process going while a package is verified, whose promises may never settle, and tells what the package has
 * left behind.
 */
export class ProcessLife implements Disposable {
  readonly #awake = setInterval(() => undefined, 2 ** 30)
  readonly #before: readonly string[]

  constructor() {
    // Both are made when they are first asked for, and count.
    for (const stream of [process.stdout, process.stderr]) stream.writable
    this.#before = process.getActiveResourcesInfo()
  }

  /** Kinds of what keeps the process going beside what did before; looks until there is none, for 2 s at most. */
  async left(): Promise<string[]> {
    const end = performance.now() + PATIENCE_MS
    for (;;) {
      const found = process.getActiveResourcesInfo()
      for (const kind of this.#before) if (found.includes(kind)) found.splice(found.indexOf(kind), 1)
      if (found.length === 0 || performance.now() > end) return found
      await setTimeout(10, undefined, { ref: false })
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#awake)
  }
}
