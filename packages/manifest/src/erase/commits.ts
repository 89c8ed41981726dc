import { type Fence, HoldfastError, hasCode } from '@holdfast/core'
import type { Opened } from '../opened.ts'
import { Leaving } from './leaving.ts'
import type { EraseOp } from './unreadable.ts'

type Parts = Pick<Opened, 'committer' | 'eraseQueue' | 'sharesLog' | 'state'>

/**
 * Commits the eraser's ops in as many batches as the disk has room for: a full one takes a few pages when it cannot take
 * many. Without those of keys of which a row cannot be read: no other waits for them.
 */
export class EraseCommits {
  readonly #opened: () => Parts
  readonly #most: number
  readonly #stopping: AbortSignal
  /** Ops of one batch: fewer on a full disk, more again when that goes well. */
  #chunk: number
  /** Keys that are gone when what is on its way to a shared log is applied. */
  readonly #leaving = new Set<string>()

  /** `most`: ops of one batch. */
  constructor(opened: () => Parts, most: number, stopping: AbortSignal) {
    this.#opened = opened
    this.#most = most
    this.#stopping = stopping
    this.#chunk = most
  }

  /** @throws HF_FENCED when the role has passed on since the gate was asked */
  async commit(given: readonly EraseOp[], fence: Fence): Promise<void> {
    const { eraseQueue, sharesLog, state } = this.#opened()
    const { unreadable } = eraseQueue
    // What stands in a shared log is applied, and a node that cannot read what it needs for that stops.
    if (sharesLog) return this.#commitSound(given, fence)
    const ops = given.filter(({ key }) => !unreadable.has(key))
    try {
      await this.#commitAll(ops, fence)
    } catch (error) {
      if (!hasCode(error, 'HF_MANIFEST_CORRUPT')) throw error
      const sound = unreadable.sound(state, ops, new Leaving(state.rows))
      if (sound.length === ops.length) throw error
      await this.#commitAll(sound, fence)
    }
  }

  async #commitSound(given: readonly EraseOp[], fence: Fence): Promise<void> {
    const { eraseQueue, state } = this.#opened()
    const leaving = new Leaving(state.rows, this.#leaving)
    const before = leaving.keys.length
    const ops = eraseQueue.unreadable.sound(state, given, leaving)
    const keys = leaving.keys.slice(before)
    for (const key of keys) this.#leaving.add(key)
    try {
      await this.#commitAll(ops, fence)
    } finally {
      for (const key of keys) this.#leaving.delete(key)
    }
  }

  async #commitAll(ops: readonly EraseOp[], fence: Fence): Promise<void> {
    for (let done = 0; done < ops.length; ) {
      const chunk = ops.slice(done, done + this.#chunk)
      try {
        await this.#commitChunk(chunk, fence)
      } catch (error) {
        if (!hasCode(error, 'HF_NO_SPACE') || chunk.length === 1) throw error
        this.#chunk = chunk.length >> 1
        continue
      }
      done += chunk.length
      this.#chunk = Math.min(this.#most, this.#chunk * 2)
    }
  }

  async #commitChunk(ops: readonly EraseOp[], fence: Fence): Promise<void> {
    const { status } = await this.#opened().committer.commit({ ops, fence }, { signal: this.#stopping })
    if (status === 'rejected')
      throw new HoldfastError('HF_FENCED', `${fence.role} has passed on: this node may not erase any more`, {
        operation: 'eraser',
        context: { fence },
      })
  }
}
