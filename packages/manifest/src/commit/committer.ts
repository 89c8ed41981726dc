import {
  type Batch,
  type Clock,
  type CommitResult,
  type FailpointRegistry,
  HoldfastError,
  hasCode,
  type Ids,
  isHoldfastError,
  messageOf,
} from '@holdfast/core'
import { ByteWriter } from '../format/bytes.ts'
import { recordBatch, writeRecordHead } from '../format/record.ts'
import type { Room } from '../home.ts'
import { type Applied, applyBatch } from '../state/apply.ts'
import type { LocalEffects } from '../state/ops.ts'
import { type BatchRow, SAME } from '../state/outcomes.ts'
import type { Rows } from '../state/rows.ts'
import type { State } from '../state/state.ts'
import type { CommitOptions, Commits } from './commits.ts'
import { grows, growsBy, takeGroup, type Waiting, type WaitingBatch } from './group.ts'
import { EMBEDDED_TERM, type EmbeddedLog } from './log.ts'
import { validateBatch } from './validate.ts'

export interface CommitterParts {
  readonly state: State
  readonly log: EmbeddedLog
  readonly local: LocalEffects & { applied(index: number, batches: readonly Applied[]): void; reload(): void }
  readonly clock: Clock
  readonly room: Room
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  readonly nodeId: string
}

/**
 * The one function that writes to the store. Batches that arrive together become one record and one synchronous
 * transaction: log, state and node-local rows, durable before anybody is answered.
 */
export class Committer implements Commits {
  readonly #parts: CommitterParts
  readonly #queue: Waiting[] = []
  readonly #scratch = new ByteWriter()
  readonly #listeners = new Set<() => void>()
  #working: Promise<void> | undefined
  #broken: unknown

  constructor(parts: CommitterParts) {
    this.#parts = parts
  }

  /** Why nothing can be committed any more, or undefined. */
  get broken(): string | undefined {
    return this.#broken === undefined ? undefined : messageOf(this.#broken)
  }

  /** Calls `listener` after every transaction, until the result is called. */
  onCommitted(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** `fresh`: not the end of a write that has begun, so the low-water mark holds for it. */
  async commit(batch: Batch, { signal, fresh }: CommitOptions = {}): Promise<CommitResult> {
    validateBatch(batch)
    signal?.throwIfAborted()
    const { state, ids } = this.#parts
    const id = batch.id ?? ids.next()
    const position = { term: state.head.term, index: state.head.index }
    if (batch.ops.length === 0) return { status: 'committed', id, position, outcomes: [] }
    const first = batch.id === undefined ? undefined : state.recent.find(id)
    if (first) return resultOf(id, { ...first, repeated: true })
    if (this.#isListed(batch))
      return { status: 'committed', id, position, outcomes: batch.ops.map(() => SAME) }
    if (fresh && growsBy(batch.ops)) this.#parts.room.mustHaveRoom('manifest.commit')
    // What is applied is what stands in the record, on this node too; the caller's objects are the caller's again.
    const recorded = recordBatch(this.#scratch, batch, id)
    return new Promise((resolve, reject) => this.#enqueue({ kind: 'batch', ...recorded, resolve, reject }))
  }

  async resolve(id: string): Promise<CommitResult | undefined> {
    await this.settle()
    const row = this.#parts.state.recent.find(id)
    return row && resultOf(id, { ...row, repeated: false })
  }

  /** The log is in this process: the state is as new as its head when nothing is on the way. */
  barrier(): Promise<void> {
    return this.settle()
  }

  /** Changes node-local rows in the next transaction. */
  local(change: (rows: Rows) => void): Promise<void> {
    return new Promise((resolve, reject) => this.#enqueue({ kind: 'local', change, resolve, reject }))
  }

  /** Answers all that waits, and refuses what comes later. */
  async close(): Promise<void> {
    await this.settle()
    this.#broken ??= new HoldfastError('HF_STOPPED', 'the manifest is closed: the node was stopped')
  }

  /** Resolves when all that waits is answered. */
  async settle(): Promise<void> {
    await this.#working
  }

  /** A batch that registers only what is listed exactly so already needs no record. */
  #isListed({ ops }: Batch): boolean {
    const { state } = this.#parts
    return ops.every((op) => {
      if (op.type !== 'register') return false
      const known = state.key(op.entry.key)
      if (known?.state !== 'live' || known.path !== op.entry.path) return false
      const listed = state.entry(op.entry.path)
      return listed?.size === op.entry.size && listed.checksum === op.entry.checksum && !listed.adopted
    })
  }

  #enqueue(waiting: Waiting): void {
    this.#queue.push(waiting)
    // What is proposed in the same turn of the event loop goes into the same transaction.
    this.#working ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#work())
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = takeGroup(this.#queue)
      // Whatever goes wrong is said to those who wait: one that waits for ever is worse than any error.
      await this.#commitGroup(group).catch((error: unknown) => this.#answerFailed(group, error))
    }
    this.#working = undefined
  }

  async #commitGroup(group: Waiting[]): Promise<void> {
    const { failpoints, room } = this.#parts
    try {
      if (this.#broken !== undefined) throw this.#broken
      if (failpoints.armed) await failpoints.hit('manifest.commit.before')
      this.#transact(group)
    } catch (error) {
      if (this.#broken === undefined && isFull(room, error)) await this.#makeRoom(group, error)
      else if (group.length > 1 && hasCode(error, 'HF_MANIFEST_CORRUPT')) {
        // A damaged row stops those who need it, not those who came beside them.
        this.#answerFailed([], error)
        await this.#oneByOne(group)
      } else this.#answerFailed(group, error)
      return
    }
    await this.#finish(group)
  }

  /** The disk is full: what makes it fuller is refused; the rest is tried again, in transactions of its own. */
  async #makeRoom(group: readonly Waiting[], error: unknown): Promise<void> {
    const rest = group.filter((waiting) => !grows(waiting))
    this.#answerFailed(group.filter(grows), error)
    const released = await this.#parts.room.makeRoom().catch((failure: unknown) => {
      this.#answerFailed(rest, failure)
      return undefined
    })
    if (released === undefined) return
    if (!released && group.length === 1) return this.#answerFailed(rest, error)
    await this.#oneByOne(rest)
  }

  /** In transactions of their own, between which others get a turn. */
  async #oneByOne(group: readonly Waiting[]): Promise<void> {
    for (const waiting of group) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      try {
        if (this.#broken !== undefined) throw this.#broken
        this.#transact([waiting])
      } catch (again) {
        this.#answerFailed([waiting], again)
        continue
      }
      await this.#finish([waiting])
    }
  }

  /** Durable: tells those who wait, and those who listen. */
  async #finish(group: readonly Waiting[]): Promise<void> {
    const { failpoints } = this.#parts
    try {
      if (failpoints.armed) await failpoints.hit('manifest.commit.after')
    } catch (error) {
      // The answer is lost, as it would be on the way to a log on another machine.
      for (const { kind, reject, ...rest } of group) reject(kind === 'batch' ? unknown(rest, error) : error)
      return
    }
    this.#answer(group)
    for (const listener of this.#listeners) listener()
  }

  #transact(group: readonly Waiting[]): void {
    const { state, log, local, clock, failpoints, nodeId } = this.#parts
    const batches = group.filter((waiting) => waiting.kind === 'batch')
    state.rows.transaction(() => {
      for (const waiting of group) if (waiting.kind === 'local') waiting.change(state.rows)
      if (batches.length > 0) {
        const { head } = state
        const time = Math.max(clock.now(), head.time)
        const position = { term: EMBEDDED_TERM, index: head.index + 1 }
        const record = this.#scratch.reset()
        writeRecordHead(record, { previous: head.record, time, origin: nodeId }, batches.length)
        for (const { bytes } of batches) record.raw(bytes)
        const sum = log.append(position, record.view())
        local.applied(
          position.index,
          batches.map(({ batch }) => applyBatch(state, batch, { position, time, local })),
        )
        Object.assign(head, { ...position, time, record: sum })
        state.flush()
      }
      if (failpoints.armed) failpoints.hitSync('manifest.commit.inside')
    })
  }

  #answer(group: readonly Waiting[]): void {
    const { state } = this.#parts
    for (const waiting of group) {
      if (waiting.kind === 'local') waiting.resolve()
      else
        try {
          const row = state.recent.find(waiting.batch.id)
          if (row) waiting.resolve(resultOf(waiting.batch.id, { ...row, repeated: false }))
          else waiting.reject(unknown(waiting, undefined))
        } catch (unreadable) {
          // What was written a moment ago cannot be read: nothing that this store says can be built upon.
          this.#broken ??= this.#failed(unreadable)
          waiting.reject(unknown(waiting, unreadable))
        }
    }
  }

  /** Nothing of the group is in the store, unless the store says otherwise. */
  #answerFailed(group: readonly Waiting[], error: unknown): void {
    const { state, local } = this.#parts
    try {
      state.reload()
      local.reload()
      for (const waiting of group) {
        const row = waiting.kind === 'batch' ? state.recent.find(waiting.batch.id) : undefined
        if (row && waiting.kind === 'batch')
          waiting.resolve(resultOf(waiting.batch.id, { ...row, repeated: false }))
        else waiting.reject(this.#failed(error))
      }
    } catch (unreadable) {
      this.#broken = this.#failed(unreadable)
      for (const waiting of group)
        waiting.reject(waiting.kind === 'batch' ? unknown(waiting, error) : this.#failed(error))
    }
  }

  #failed(error: unknown): unknown {
    if (isHoldfastError(error)) return error
    return new HoldfastError(
      isFull(this.#parts.room, error) ? 'HF_NO_SPACE' : 'HF_COMMIT_FAILED',
      `nothing was committed: ${messageOf(error)}`,
      { operation: 'manifest.commit', cause: error },
    )
  }
}

/** A disk that cannot even be looked at is another trouble than one that is full. */
function isFull(room: Room, error: unknown): boolean {
  try {
    return room.isFull(error)
  } catch {
    return false
  }
}

export function resultOf(
  id: string,
  { status, position, outcomes, repeated }: BatchRow & { readonly repeated: boolean },
): CommitResult {
  if (status !== 'committed') return { status: 'rejected', id, reason: status, position, outcomes }
  return { status: repeated ? 'repeated' : 'committed', id, position, outcomes }
}

function unknown({ batch }: Partial<WaitingBatch>, cause: unknown): HoldfastError {
  return new HoldfastError('HF_COMMIT_UNKNOWN', `whether batch ${batch?.id} was committed is not known yet`, {
    operation: 'manifest.commit',
    context: { id: batch?.id },
    cause,
  })
}
