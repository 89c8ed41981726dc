import {
  type Batch,
  type CallOptions,
  type CommitResult,
  HoldfastError,
  hasCode,
  type Ids,
  messageOf,
  sleep,
} from '@holdfast/core'
import type { CommitOptions, Commits } from '../commit/commits.ts'
import { type Committer, resultOf } from '../commit/committer.ts'
import { growsBy, takeGroup, type WaitingBatch } from '../commit/group.ts'
import { validateBatch } from '../commit/validate.ts'
import { ByteWriter } from '../format/bytes.ts'
import { recordBatch } from '../format/record.ts'
import type { Room } from '../home.ts'
import { type AppendParts, Appends, waitAfter } from './appends.ts'
import { commitUnknown, notCommitted } from './log-errors.ts'

/** Room for what a record says besides its batches, bytes. */
const RECORD_HEAD = 1024

export interface ReplicatedParts extends AppendParts {
  /** For the rows of this node alone. */
  readonly own: Committer
  readonly room: Pick<Room, 'mustHaveRoom'>
  readonly ids: Ids
}

/** Group of batches on their way into one record. */
interface Underway {
  open: WaitingBatch[]
  /** Why an append of them may have been done, or may still be, although nobody has said so. */
  doubt: unknown
}

/**
 * Commits through a log that is shared. Batches that wait together become one record, made for the head that this node
 * has applied; what became of them is read from the state when the record is applied here. An append whose answer was
 * lost is made again: by then the record stands in the log, or the second one takes its place, and apply drops a batch
 * that it has seen.
 */
export class ReplicatedCommitter implements Commits {
  readonly #parts: ReplicatedParts
  readonly #queue: WaitingBatch[] = []
  readonly #scratch = new ByteWriter()
  readonly #appends: Appends
  readonly #closing = new AbortController()
  #working: Promise<void> | undefined

  constructor(parts: ReplicatedParts) {
    this.#parts = parts
    this.#appends = new Appends(parts)
  }

  get broken(): string | undefined {
    return this.#parts.own.broken
  }

  onCommitted(listener: () => void): () => void {
    return this.#parts.own.onCommitted(listener)
  }

  local(...args: Parameters<Commits['local']>): Promise<void> {
    return this.#parts.own.local(...args)
  }

  settle(): Promise<void> {
    return this.#parts.own.settle()
  }

  async commit(batch: Batch, { signal, fresh }: CommitOptions = {}): Promise<CommitResult> {
    validateBatch(batch)
    signal?.throwIfAborted()
    this.#mustGoOn()
    const { state, ids, room } = this.#parts
    const id = batch.id ?? ids.next()
    const position = { term: state.head.term, index: state.head.index }
    if (batch.ops.length === 0) return { status: 'committed', id, position, outcomes: [] }
    const first = batch.id === undefined ? undefined : state.recent.find(id)
    if (first) return resultOf(id, { ...first, repeated: true })
    // Epoch 0 is that of a node without roles; here nobody has a role before a record says so.
    if (batch.fence && batch.fence.epoch === 0)
      return { status: 'rejected', id, reason: 'fenced', position, outcomes: [] }
    if (fresh && growsBy(batch.ops)) room.mustHaveRoom('manifest.commit')
    const recorded = recordBatch(this.#scratch, batch, id)
    const { promise: answer, resolve, reject } = Promise.withResolvers<CommitResult>()
    const waiting: WaitingBatch = { kind: 'batch', ...recorded, resolve, reject }
    this.#queue.push(waiting)
    this.#working ??= new Promise<void>((started) => setImmediate(started)).then(() => this.#work())
    return signal ? this.#orLeft(answer, waiting, signal) : answer
  }

  /** Whoever cancels waits no longer; what has left this node may be done all the same. */
  async #orLeft(
    answer: Promise<CommitResult>,
    waiting: WaitingBatch,
    signal: AbortSignal,
  ): Promise<CommitResult> {
    const left = Promise.withResolvers<never>()
    const onAbort = () => {
      // Another one may wait with a batch of the same id.
      const at = this.#queue.indexOf(waiting)
      if (at !== -1) this.#queue.splice(at, 1)
      left.reject(at === -1 ? commitUnknown(waiting.batch.id, signal.reason) : signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    // One of the two is left behind.
    answer.catch(() => undefined)
    try {
      return await Promise.race([answer, left.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async barrier({ signal }: CallOptions = {}): Promise<void> {
    this.#mustGoOn()
    await this.#appends.catchUp(this.#signalled(signal))
  }

  async resolve(id: string, { signal }: CallOptions = {}): Promise<CommitResult | undefined> {
    const asked = this.#signalled(signal)
    await this.#appends.catchUp(asked)
    if (!this.#parts.state.recent.find(id)) await this.#appends.closePlace(id, asked)
    const row = this.#parts.state.recent.find(id)
    return row && resultOf(id, { ...row, repeated: false })
  }

  async close(): Promise<void> {
    this.#closing.abort(new HoldfastError('HF_STOPPED', 'the manifest is closed: the node was stopped'))
    await this.#working
    await this.#parts.own.close()
  }

  /** @throws what has stopped this node for good */
  #mustGoOn(): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason
    const { stopped } = this.#parts.follower
    if (stopped) throw stopped
  }

  /** Ends with the caller's signal and with the manifest. */
  #signalled(signal: AbortSignal | undefined): AbortSignal {
    if (!signal) return this.#closing.signal
    signal.throwIfAborted()
    return signal
  }

  async #work(): Promise<void> {
    const most = this.#parts.log.capabilities.maxRecordBytes - RECORD_HEAD
    while (this.#queue.length > 0) {
      const group = takeGroup(this.#queue, most)
      // Whatever goes wrong is said to those who wait: one that waits for ever is worse than any error.
      await this.#propose(group).catch((error: unknown) => {
        for (const { batch, reject } of group) reject(commitUnknown(batch.id, error))
      })
    }
    this.#working = undefined
  }

  async #propose(group: WaitingBatch[]): Promise<void> {
    const { clock, limit } = this.#parts
    const underway: Underway = { open: group, doubt: undefined }
    const until = clock.monotonic() + limit
    for (let tries = 0; ; tries++) {
      const before = this.#parts.state.head.index
      const problem = await this.#try(underway)
      this.#answer(underway)
      if (underway.open.length === 0) return
      const ended = this.#closing.signal.aborted || this.#parts.follower.stopped !== undefined
      if (ended || isPlain(problem, underway) || clock.monotonic() >= until)
        return this.#reject(underway, problem)
      // Whoever was overtaken by others has seen their records, and tries at once.
      if (tries > 0 && this.#parts.state.head.index === before)
        await sleep(clock, waitAfter(tries), this.#closing.signal).catch(() => undefined)
    }
  }

  /** One append, and the state as new as what it found. Gives what went wrong. */
  async #try(underway: Underway): Promise<unknown> {
    const { signal } = this.#closing
    try {
      this.#mustGoOn()
      await this.#appends.append(underway.open, signal)
      return undefined
    } catch (error) {
      if (hasCode(error, 'HF_COMMIT_UNKNOWN')) underway.doubt = error
      if (!hasCode(error, 'HF_LOG_CONFLICT') && underway.doubt === undefined) return error
      // Whether they are in the log is seen when this node has read it.
      await this.#appends.catchUp(signal).catch(() => undefined)
      return error
    }
  }

  #answer(underway: Underway): void {
    underway.open = underway.open.filter(({ batch, resolve, reject }) => {
      try {
        const row = this.#parts.state.recent.find(batch.id)
        if (row) resolve(resultOf(batch.id, { ...row, repeated: false }))
        return row === undefined
      } catch (unreadable) {
        reject(commitUnknown(batch.id, unreadable))
        return false
      }
    })
  }

  #reject({ open, doubt }: Underway, problem: unknown): void {
    for (const { batch, reject } of open)
      if (doubt !== undefined) reject(commitUnknown(batch.id, doubt))
      else if (hasCode(problem, 'HF_LOG_CONFLICT') || hasCode(problem, 'HF_LOG_UNAVAILABLE'))
        reject(notCommitted(messageOf(problem), problem))
      else reject(problem)
  }
}

/** Nothing was done, and trying again at once would not help. */
function isPlain(problem: unknown, { doubt }: Underway): boolean {
  return doubt === undefined && !hasCode(problem, 'HF_LOG_CONFLICT')
}
