import type { FilePath, StorageKey } from '../paths.ts'
import type { CallOptions } from '../storage/backend.ts'

/** What a hold covers. */
export type HoldScope =
  /** The file of this path, whatever its key; also an orphan of this name. */
  | { readonly path: string }
  /** Everything below this folder, by whole segments: `a/b` covers `a/b/c`, not `a/bc`. */
  | { readonly folder: string }
  | { readonly key: string }
  | { readonly namespace: string }
  /** What a run condemns, or has condemned. */
  | { readonly run: string }

/** A rule that keeps what it covers from being condemned, replaced and doomed, as long as it stands. */
export interface Hold {
  readonly id: string
  readonly scope: HoldScope
  /** Who asked for it. */
  readonly owner: string
  /** From this moment on it holds nothing, ms since 1970 UTC. Absent: until it is released. */
  readonly expiresAt?: number
}

export interface NewHold extends Omit<Hold, 'id'> {
  /** One that is given again replaces the rule. Default: a new one. */
  readonly id?: string
}

export interface HoldResult extends Hold {
  /** Doomed files that it comes too late for. At most 1000 are counted. */
  readonly doomed: number
}

export interface HoldOptions extends CallOptions {
  /**
   * Only while the hold of this id is this one, or with null, while there is none: what somebody was shown. Judged when
   * the change takes effect, so nobody can come in between. Left out: whatever it is.
   */
  readonly current?: Omit<Hold, 'id'> | null
}

/** Rules, not marks: they also cover files that come later. They bring nothing back. */
export interface Holds {
  /**
   * @throws HF_OPTION_INVALID, HF_DOOMED when it is about one file, which is being erased already, HF_INPUT_CHANGED when
   * another than `current` stands there (nothing changed)
   */
  hold(hold: NewHold, options?: HoldOptions): Promise<HoldResult>
  /**
   * Resolves with whether there was such a hold. What it kept may be erased from now on.
   * @throws HF_INPUT_CHANGED when it is another than `current` (it stays)
   */
  release(id: string, options?: HoldOptions): Promise<boolean>
  /** All of them in the order of their ids, expired ones too. */
  list(): readonly Hold[]
  /** Those that keep this file now. */
  covering(file: { readonly path: FilePath } | { readonly key: StorageKey }): readonly Hold[]
}
