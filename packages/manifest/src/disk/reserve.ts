import { randomFillSync } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncPath } from './durable-folder.ts'

const PIECE = 1024 * 1024

/**
 * Room that a full disk gives back: a file that nobody reads. Deleting needs room of its own, because a row is taken
 * away by writing new pages.
 */
export class Reserve {
  readonly #folder: string
  readonly #file: string
  /** Bytes; 0 is no reserve. */
  readonly size: number

  constructor(folder: string, size: number) {
    this.#folder = folder
    this.#file = join(folder, 'reserve')
    this.size = size
  }

  get isThere(): boolean {
    return statSync(this.#file, { throwIfNoEntry: false })?.size === this.size
  }

  /** Gives the room back. False when there is none to give. */
  release(): boolean {
    const found = statSync(this.#file, { throwIfNoEntry: false })
    if (!found) return false
    rmSync(this.#file, { force: true })
    // File systems with a journal hand freed blocks out again once the deletion is in it.
    syncPath(this.#folder)
    return found.size > 0
  }

  /**
   * Writes the file anew. It has its name only when all of it is on the disk.
   * @throws what the file system says; then nothing is left
   */
  async build(signal: AbortSignal): Promise<void> {
    if (this.size === 0) return
    const unfinished = `${this.#file}.new`
    try {
      const handle = await open(unfinished, 'w')
      try {
        const piece = Buffer.allocUnsafe(Math.min(PIECE, this.size))
        for (let written = 0; written < this.size; ) {
          signal.throwIfAborted()
          // Random, because zeros take no room on a file system that compresses.
          randomFillSync(piece)
          written += (await handle.write(piece, 0, Math.min(piece.length, this.size - written))).bytesWritten
        }
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(unfinished, this.#file)
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
    syncPath(this.#folder)
  }

  /** What a process left that was killed while it built one. */
  removeUnfinished(): void {
    rmSync(`${this.#file}.new`, { force: true })
  }
}
