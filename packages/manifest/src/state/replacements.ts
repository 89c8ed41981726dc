import { type Replacement, readReplacement, writeReplacement } from '../format/replacement.ts'
import { replacementRow } from '../format/rows.ts'
import type { Rows } from './rows.ts'

/** What replaced what, by the number of the replacement: as long as it could be undone, and while rows point to it. */
export class Replacements {
  readonly #rows: Rows

  constructor(rows: Rows) {
    this.#rows = rows
  }

  get(replacement: number): Replacement | undefined {
    return this.#rows.get(replacementRow(replacement), readReplacement)
  }

  /** One without inputs can never be undone. */
  add(replacement: number, whole: NonNullable<Replacement['whole']>): void {
    if (whole.inputs.length === 0) return
    const row = { left: whole.inputs.length, whole }
    this.#rows.insert(replacementRow(replacement), (payload) => writeReplacement(payload, row))
  }

  /** An input of it cannot come back any more, and so none can. */
  lose(replacement: number): void {
    const left = (this.get(replacement)?.left ?? 0) - 1
    if (left <= 0) this.remove(replacement)
    else this.#rows.put(replacementRow(replacement), (payload) => writeReplacement(payload, { left }))
  }

  remove(replacement: number): void {
    this.#rows.remove(replacementRow(replacement))
  }
}
