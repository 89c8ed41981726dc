import { HoldfastError } from '../errors.ts'
import type { Denial, GateRequest } from '../gate/request.ts'
import type { Position } from '../manifest/log.ts'
import type { Op } from '../manifest/ops.ts'
import type { FilePath, StorageKey } from '../paths.ts'

/** A batch that is committed and applied here. */
export interface CommittedBatch {
  readonly id: string
  readonly position: Position
  readonly time: number
  readonly ops: readonly Op[]
}

/** A file that has been doomed. */
export interface DeletedFile {
  readonly key: StorageKey
  readonly path?: FilePath
  readonly reason: string
  readonly run?: string
  readonly position: Position
  /** The key that the path has now: a cache by path must look at it. */
  readonly current?: StorageKey
}

/** A snapshot that is about to be written or received. */
export interface SnapshotIntent {
  readonly position: Position
  readonly source: 'local' | 'received'
  readonly estimatedBytes: number
}

export interface TapOptions {
  /** A plugin (by id) that taps earlier in the list but must be called after this one. */
  readonly before?: string
  /** Lower comes first. Default 0. */
  readonly stage?: number
}

type TapContext = { readonly signal: AbortSignal }

/** A hook as a plugin sees it: it can be tapped, under the plugin's own name, and nothing else. */
export interface HookPort<Event, Result> {
  tap(fn: (event: Event, context: TapContext) => Promise<Result>): void
  tap(options: TapOptions, fn: (event: Event, context: TapContext) => Promise<Result>): void
}

/** Every hook of a node. Taps are registered in `setup` and sealed after the last one. */
export interface HookPorts {
  /** Before every privileged action and every chunk of it. Resolve with a denial, or with undefined to have no say. */
  readonly gate: HookPort<GateRequest, Denial | undefined>
  /** After a batch is committed and applied. Not yet delivered: a tap is refused with HF_UNSUPPORTED. */
  readonly onManifestBatch: HookPort<CommittedBatch, void>
  /** When a file is doomed. Not yet delivered: a tap is refused with HF_UNSUPPORTED. */
  readonly onFileDeleted: HookPort<DeletedFile, void>
  /** Before the first byte of a snapshot. Not yet delivered: a tap is refused with HF_UNSUPPORTED. */
  readonly beforeSnapshotWrite: HookPort<SnapshotIntent, void>
}

/** Says whether the last `setup` has run. */
export interface Seal {
  sealed: boolean
}

/** Refuses a tap after the last setup. */
export function refuseWhenSealed(seal: Seal, hook: string, plugin: string): void {
  if (seal.sealed)
    throw new HoldfastError('HF_HOOKS_SEALED', `plugin ${plugin} taps ${hook} after setup; tap it in setup`, {
      context: { hook, plugin },
    })
}

/** A hook whose promise (at least once, in order, across crashes) this version cannot keep yet. */
export function undeliverable<Event, Result>(
  hook: string,
  plugin: string,
  seal: Seal,
): HookPort<Event, Result> {
  return {
    tap() {
      refuseWhenSealed(seal, hook, plugin)
      throw new HoldfastError(
        'HF_UNSUPPORTED',
        `plugin ${plugin} taps ${hook}, which this version does not deliver`,
        {
          context: { hook, plugin },
        },
      )
    },
  }
}
