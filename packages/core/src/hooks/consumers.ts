import type { Position } from '../manifest/log.ts'
import type { CallOptions } from '../storage/backend.ts'
import type { DeletedFile, ManifestEvent } from './events.ts'

/** The hooks whose taps are durable consumers, with what each delivers. */
export interface HookEvents {
  onManifestBatch: ManifestEvent
  onFileDeleted: DeletedFile
}
export type DurableHook = keyof HookEvents
export const DURABLE_HOOKS = ['onManifestBatch', 'onFileDeleted'] as const satisfies readonly DurableHook[]

/** How far a consumer has come. */
export interface Cursor {
  /** Everything up to this record is done. */
  readonly position: Position
  /** Number of the hook's events behind that position that are done too: those of a record that is under way. */
  readonly done: number
}

/** A tap of a durable hook, known by hook and plugin. */
export interface ConsumerName {
  readonly hook: DurableHook
  /** The plugin's id. */
  readonly plugin: string
}

/** What is kept of a consumer across restarts. Times in ms since 1970 UTC. */
export interface ConsumerRow extends ConsumerName {
  readonly cursor: Cursor
  /** The failures of the event behind the cursor. */
  readonly failure?: {
    readonly message: string
    readonly attempts: number
    readonly at: number
    readonly nextTry: number
  }
}

export interface EventPage<Event> {
  /** Each with the cursor of a consumer that is done with it. */
  readonly events: readonly { readonly event: Event; readonly after: Cursor }[]
  /** Behind all that was read, events or not. Equal to the cursor asked for when there is nothing yet. */
  readonly upTo: Cursor
}

/**
 * What the kernel delivers from: the service `batches`. `@holdfast/manifest` brings it. Plugins tap hooks instead.
 *
 * Laws: events come in log order, and reading behind a cursor gives each of them, also those of batches that were
 * committed while nobody read, and across crashes; what a consumer still needs is kept until its row is past it.
 * Where the log does not hold what comes next any more, `onManifestBatch` gets one `reset` in its place. Rows are
 * durable when `enroll`, `save` and `forget` resolve. No call waits for a tap.
 */
export interface BatchSource {
  /** Records that a consumer of `onManifestBatch` may be behind before the log may go on without it. Absent: any number. */
  readonly ceiling?: number
  /** The last record that is committed and applied here. */
  head(): Position
  /** The next events of a hook, about `limit` of them, oldest first. */
  read<H extends DurableHook>(
    hook: H,
    after: Cursor,
    options: CallOptions & { readonly limit: number },
  ): Promise<EventPage<HookEvents[H]>>
  /** All rows, also those of plugins that are not there. */
  consumers(): readonly ConsumerRow[]
  /** Gives those that have no row one with a cursor at the head: they see what comes from now on. */
  enroll(consumers: readonly ConsumerName[]): Promise<void>
  save(rows: readonly ConsumerRow[]): Promise<void>
  forget(consumers: readonly ConsumerName[]): Promise<void>
  /** Calls `listener` after each commit; it must be quick and not throw. Gives the way to end that. */
  onCommitted(listener: () => void): () => void
}
