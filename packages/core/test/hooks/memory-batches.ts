import type {
  BatchSource,
  CommittedBatch,
  ConsumerName,
  ConsumerRow,
  Cursor,
  DeletedFile,
  DurableHook,
  EventPage,
  HookEvents,
  ManifestEvent,
  Position,
} from '@holdfast/core'

interface MemoryRecord {
  readonly onManifestBatch: readonly ManifestEvent[]
  readonly onFileDeleted: readonly DeletedFile[]
}

/** A log in memory. It outlives the nodes over it, and what they did not save is lost with them. */
export class MemoryBatches implements BatchSource {
  readonly rows = new Map<string, ConsumerRow>()
  saves = 0
  /** Given: `save` rejects with it. */
  broken: Error | undefined
  /** Called once, when the next page is made and the reader has not got it yet. */
  meanwhile: (() => void) | undefined
  readonly #records: MemoryRecord[] = []
  readonly #listeners = new Set<() => void>()

  /** Appends one record with these batches, by their names, and files that it dooms. */
  append(batches: readonly string[], deleted: readonly string[] = []): void {
    const position = { term: 1, index: this.#records.length + 1 }
    this.#add({
      onManifestBatch: batches.map(
        (id, ordinal): CommittedBatch => ({
          type: 'batch',
          id,
          position,
          ordinal,
          time: 0,
          ops: [],
          outcomes: [],
        }),
      ),
      onFileDeleted: deleted.map((key) => ({ key: key as DeletedFile['key'], reason: 'test', position })),
    })
  }

  /** A record in whose place the log has nothing but a reset. */
  reset(): void {
    const position = { term: 1, index: this.#records.length + 1 }
    this.#add({ onManifestBatch: [{ type: 'reset', position, reason: 'installed' }], onFileDeleted: [] })
  }

  #add(record: MemoryRecord): void {
    this.#records.push(record)
    for (const listener of this.#listeners) listener()
  }

  get listeners(): number {
    return this.#listeners.size
  }

  head(): Position {
    return { term: 1, index: this.#records.length }
  }

  async read<H extends DurableHook>(
    hook: H,
    { position, done }: Cursor,
    { limit }: { readonly limit: number },
  ): Promise<EventPage<HookEvents[H]>> {
    const events: { event: HookEvents[H]; after: Cursor }[] = []
    let index = position.index
    for (; index < this.#records.length && events.length < limit; index++) {
      const found = this.#records[index]![hook] as readonly HookEvents[H][]
      for (const [at, event] of found.entries()) {
        if (index === position.index && at < done) continue
        const isLast = at === found.length - 1
        const cursor = { position: { term: 1, index: isLast ? index + 1 : index }, done: isLast ? 0 : at + 1 }
        events.push({ event, after: cursor })
      }
    }
    const { meanwhile } = this
    this.meanwhile = undefined
    meanwhile?.()
    return {
      events,
      upTo: index === position.index ? { position, done } : { position: { term: 1, index }, done: 0 },
    }
  }

  consumers(): readonly ConsumerRow[] {
    return [...this.rows.values()]
  }

  async enroll(names: readonly ConsumerName[]): Promise<void> {
    for (const name of names)
      if (!this.rows.has(nameOf(name)))
        this.rows.set(nameOf(name), { ...name, cursor: { position: this.head(), done: 0 } })
  }

  async save(rows: readonly ConsumerRow[]): Promise<void> {
    if (this.broken) throw this.broken
    this.saves++
    for (const row of rows) this.rows.set(nameOf(row), row)
  }

  async forget(names: readonly ConsumerName[]): Promise<void> {
    for (const name of names) this.rows.delete(nameOf(name))
  }

  onCommitted(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

function nameOf({ hook, plugin }: ConsumerName): string {
  return `${hook} ${plugin}`
}
