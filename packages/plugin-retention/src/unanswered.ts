import { hash } from 'node:crypto'
import type { PlanItem } from '@holdfast/core'

/** What came lately, until it is merged into the rest. */
const FEW = 4096

/**
 * Files that the plugins were asked about in vain. A key is used once and a node keeps its plugins, so the answer would
 * be the same: they are asked about again when the node starts anew, or when something else is listed of the file.
 * At most ten bytes each, for 53 bits of a hash. Of a million files two have the same one time in 18,000; then one of them is not
 * asked about, and stays, until the node starts anew.
 */
export class Unanswered {
  /** In order; behind `#merged` of them there is room for more. */
  #marks = new Float64Array()
  #merged = 0
  readonly #lately = new Set<number>()

  get size(): number {
    return this.#merged + this.#lately.size
  }

  has(file: Pick<PlanItem, 'key' | 'generation'>): boolean {
    return this.size > 0 && this.#hasMark(markOf(file))
  }

  add(file: Pick<PlanItem, 'key' | 'generation'>): void {
    const mark = markOf(file)
    if (this.#hasMark(mark)) return
    this.#lately.add(mark)
    if (this.#lately.size === FEW) this.#merge()
  }

  /** Forgets all when many of them cannot be there any more. `files`: how many there are whose times are not known. */
  trim(files: number): void {
    if (this.size <= 1.5 * files + FEW) return
    this.#marks = new Float64Array()
    this.#merged = 0
    this.#lately.clear()
  }

  #hasMark(mark: number): boolean {
    if (this.#lately.has(mark)) return true
    let [low, high] = [0, this.#merged]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#marks[middle] as number) < mark) low = middle + 1
      else high = middle
    }
    return low < this.#merged && this.#marks[low] === mark
  }

  /** From the back, so that it needs no second place. */
  #merge(): void {
    const added = Float64Array.from(this.#lately).sort()
    const { size } = this
    if (size > this.#marks.length) {
      const larger = new Float64Array(Math.ceil(size * 1.25))
      larger.set(this.#marks)
      this.#marks = larger
    }
    const marks = this.#marks
    for (let at = size - 1, old = this.#merged - 1, left = added.length - 1; left >= 0; at--) {
      const isOld = old >= 0 && (marks[old] as number) > (added[left] as number)
      marks[at] = (isOld ? marks[old--] : added[left--]) as number
    }
    this.#merged = size
    this.#lately.clear()
  }
}

function markOf({ key, generation }: Pick<PlanItem, 'key' | 'generation'>): number {
  const digest = hash('sha256', `${generation} ${key}`, 'buffer')
  return digest.readUIntBE(0, 6) * 32 + (digest.readUInt8(6) % 32)
}
