import type { Denial, GateRequest } from '../gate/request.ts'
import type { FileTimes } from '../inspection/file-times.ts'
import type { DeletedFile, InspectedFile, ManifestEvent, SnapshotIntent } from './events.ts'

export interface TapOptions {
  /** A plugin (by id) that taps earlier in the list but must be called after this one. */
  readonly before?: string
  /** Lower comes first. Default 0. */
  readonly stage?: number
  /**
   * Milliseconds after which a call counts as failed and its signal is aborted; the tap is not called again until that
   * call has ended. Default: 10 s for `gate`, 60 s for the others.
   */
  readonly timeLimit?: number
}

/** What a tap gets beside the event. */
export interface TapContext {
  /** Aborted when the time limit has passed, when the caller gives up, and when the node stops. */
  readonly signal: AbortSignal
}

export type TapFunction<Event, Result> = (event: Event, context: TapContext) => Promise<Result>

/** A hook as a plugin sees it: it can be tapped, under the plugin's own name, and nothing else. */
export interface HookPort<Event, Result> {
  /** @throws HF_HOOKS_SEALED after the last setup, HF_OPTION_INVALID */
  tap(fn: TapFunction<Event, Result>): void
  tap(options: TapOptions, fn: TapFunction<Event, Result>): void
}

/** Every hook of a node. Taps are registered in `setup` and sealed after the last one. */
export interface HookPorts {
  /** Before every privileged action and every chunk of it. Resolve with a denial, or with undefined to have no say. */
  readonly gate: HookPort<GateRequest, Denial | undefined>
  /**
   * After a batch is committed and applied: each batch, in log order, at least once. A tap that fails gets the same
   * batch again. One tap a plugin.
   */
  readonly onManifestBatch: HookPort<ManifestEvent, void>
  /** When a file is doomed: each file, in log order, at least once. A tap that fails gets the same file again. One tap a plugin. */
  readonly onFileDeleted: HookPort<DeletedFile, void>
  /** Before the first byte of a snapshot. A failure is counted and logged, and the write goes on. */
  readonly beforeSnapshotWrite: HookPort<SnapshotIntent, void>
  /**
   * When somebody wants to know the times of a file that are not known. Resolve with what the file's own bytes say, or
   * with undefined when you cannot tell. The first tap that answers, or fails, decides; a failure leaves the file as it is.
   */
  readonly inspectFile: HookPort<InspectedFile, FileTimes | undefined>
}
export type HookName = keyof HookPorts
