import { type Fence, HoldfastError, hasCode, type Op } from '@holdfast/core'
import type { Commits } from '../commit/commits.ts'

/** Commits the eraser's ops in as many batches as the disk has room for: a full one takes a few pages when it cannot take many. */
export class EraseCommits {
  readonly #committer: () => Commits
  readonly #most: number
  readonly #stopping: AbortSignal
  /** Ops of one batch: fewer on a full disk, more again when that goes well. */
  #chunk: number

  /** `most`: ops of one batch. */
  constructor(committer: () => Commits, most: number, stopping: AbortSignal) {
    this.#committer = committer
    this.#most = most
    this.#stopping = stopping
    this.#chunk = most
  }

  /** @throws HF_FENCED when the role has passed on since the gate was asked */
  async commit(ops: readonly Op[], fence: Fence): Promise<void> {
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

  async #commitChunk(ops: readonly Op[], fence: Fence): Promise<void> {
    const { status } = await this.#committer().commit({ ops, fence }, { signal: this.#stopping })
    if (status === 'rejected')
      throw new HoldfastError('HF_FENCED', `${fence.role} has passed on: this node may not erase any more`, {
        operation: 'eraser',
        context: { fence },
      })
  }
}
