import {
  type BatchSource,
  type CallOptions,
  type CommittedBatch,
  type ConsumerName,
  type ConsumerRow,
  type Cursor,
  type DeletedFile,
  type DurableHook,
  type EventPage,
  type HookEvents,
  hasCode,
  type ManifestEvent,
  type ManifestReset,
  type Position,
} from '@holdfast/core'
import { corrupt } from '../format/bytes.ts'
import type { Recorded } from '../format/record.ts'
import type { Opened } from '../opened.ts'
import type { KeptEvents } from './kept-events.ts'

/** Ops of one read: reading them blocks the process. */
const OPS = 2000

export interface SourceRecord {
  readonly position: Position
  readonly record: Recorded
}

/** Where the records are that events are made of. */
export interface RecordSource {
  /**
   * Some of the records behind a position that are applied here, about `limit` of them at most.
   * @throws HF_LOG_GAP with the `floor`
   */
  behind(
    position: Position,
    options: CallOptions & { readonly limit: number },
  ): Promise<readonly SourceRecord[]> | readonly SourceRecord[]
}

/** The service `batches`: what the kernel delivers hooks from. */
export class ManifestBatches implements BatchSource {
  readonly ceiling: number
  readonly #opened: () => Opened

  constructor(opened: () => Opened, ceiling: number) {
    this.#opened = opened
    this.ceiling = ceiling
  }

  head(): Position {
    const { term, index } = this.#opened().state.head
    return { term, index }
  }

  consumers(): readonly ConsumerRow[] {
    return this.#opened().events.consumers.all()
  }

  onCommitted(listener: () => void): () => void {
    return this.#opened().committer.onCommitted(listener)
  }

  async enroll(names: readonly ConsumerName[]): Promise<void> {
    const { events } = this.#opened()
    if (names.every((name) => events.consumers.has(name)) && !events.canTrim()) return
    await this.#change(({ consumers }) => {
      // The head as the transaction finds it: what the same transaction appends comes behind it.
      const cursor = { position: this.head(), done: 0 }
      for (const name of names) if (!consumers.has(name)) consumers.put({ ...name, cursor })
    })
  }

  save(rows: readonly ConsumerRow[]): Promise<void> {
    return this.#change(({ consumers }) => {
      for (const row of rows) consumers.put(row)
    })
  }

  forget(names: readonly ConsumerName[]): Promise<void> {
    return this.#change(({ consumers }) => {
      for (const name of names) consumers.remove(name)
    })
  }

  /** Changes rows of consumers, then removes what nobody needs any more because of that. */
  async #change(change: (events: KeptEvents) => void): Promise<void> {
    const { committer, events } = this.#opened()
    let more = false
    await committer.local(() => {
      change(events)
      more = events.trim()
    })
    while (more)
      await committer.local(() => {
        more = events.trim()
      })
  }

  async read<H extends DurableHook>(
    hook: H,
    after: Cursor,
    { limit, signal }: CallOptions & { readonly limit: number },
  ): Promise<EventPage<HookEvents[H]>> {
    const page =
      hook === 'onManifestBatch' ? await this.#batches(after, limit, signal) : this.#deletions(after, limit)
    return page as EventPage<HookEvents[H]>
  }

  /** Whole records, so that none is read twice. */
  async #batches(
    { position, done }: Cursor,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<EventPage<ManifestEvent>> {
    const { installed, source, events: kept } = this.#opened()
    const since = installed()
    if (since && position.index < since.index) return resetAt(since, 'installed')
    let records: readonly SourceRecord[]
    try {
      records = await source.behind(position, { limit, ...(signal && { signal }) })
    } catch (error) {
      if (hasCode(error, 'HF_LOG_GAP')) return resetAt(error.context.floor as Position, 'truncated')
      throw error
    }
    const events: { event: ManifestEvent; after: Cursor }[] = []
    let before = position
    let ops = 0
    for (const { position: here, record } of records) {
      if (events.length >= limit || ops >= OPS) break
      const outcomes = kept.outcomes(here.index)
      // Beside a record that is there, its outcomes are kept while anybody needs them.
      if (!outcomes) throw corrupt('no outcomes of a record where a tap has to go on', { index: here.index })
      const skip = before === position ? done : 0
      const batches = record.batches.flatMap(({ id, ops }, ordinal): CommittedBatch[] => {
        const its = outcomes[ordinal]
        return its
          ? [{ type: 'batch', id, position: here, ordinal, time: record.time, ops, outcomes: its }]
          : []
      })
      const last = batches.at(-1)
      for (const [at, event] of batches.entries()) {
        ops += event.ops.length
        if (at >= skip)
          events.push({
            event,
            after: event === last ? { position: here, done: 0 } : { position: before, done: at + 1 },
          })
      }
      before = here
    }
    return { events, upTo: before === position ? { position, done } : { position: before, done: 0 } }
  }

  #deletions({ position, done }: Cursor, limit: number): EventPage<DeletedFile> {
    const { events, state } = this.#opened()
    const head = this.head()
    // One more than asked for, to see whether the last one is the last of its record.
    const found = events.deletions(position.index, done, limit + 1)
    const given = found.slice(0, limit)
    let cursor: Cursor = { position, done }
    const pages = given.map((deletion, at) => {
      const next = found[at + 1]
      const isLast = next ? next.position.index !== deletion.position.index : true
      cursor = isLast ? { position: deletion.position, done: 0 } : { ...cursor, done: cursor.done + 1 }
      const current = state.entry(deletion.path)?.key
      const event: DeletedFile = { ...deletion, ...(current !== undefined && { current }) }
      return { event, after: cursor }
    })
    return { events: pages, upTo: found.length > limit ? cursor : { position: head, done: 0 } }
  }
}

/** In the place of everything that cannot be delivered any more. What the log still holds comes behind it. */
function resetAt(position: Position, reason: ManifestReset['reason']): EventPage<ManifestEvent> {
  const after = { position, done: 0 }
  return { events: [{ event: { type: 'reset', position, reason }, after }], upTo: after }
}
