import { type Fence, hasCode, type StorageKey } from '@holdfast/core'

/** Keys whose bytes are gone, and the permission by which they went. */
interface Chunk {
  readonly keys: readonly StorageKey[]
  readonly fence: Fence
}

/**
 * What was deleted and is not recorded yet: that of one pass is while the next one deletes. It need not outlive the
 * process: whoever finds such keys in the queue deletes them again, and hits nothing.
 */
export class Unrecorded {
  #chunks: readonly Chunk[] = []

  get chunks(): number {
    return this.#chunks.length
  }

  get keys(): ReadonlySet<StorageKey> {
    return new Set(this.#chunks.flatMap(({ keys }) => keys))
  }

  add(keys: readonly StorageKey[], fence: Fence): void {
    if (keys.length > 0) this.#chunks = [...this.#chunks, { keys, fence }]
  }

  clear(): void {
    this.#chunks = []
  }

  /** Records what is there now. What fails stays; what is fenced is for whoever has the role now. */
  async record(commit: (keys: readonly StorageKey[], fence: Fence) => Promise<void>): Promise<void> {
    for (const chunk of this.#chunks)
      try {
        await commit(chunk.keys, chunk.fence)
        this.#drop(chunk)
      } catch (error) {
        if (hasCode(error, 'HF_FENCED')) this.#drop(chunk)
        throw error
      }
  }

  #drop(chunk: Chunk): void {
    this.#chunks = this.#chunks.filter((other) => other !== chunk)
  }
}
