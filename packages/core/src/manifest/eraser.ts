import type { StorageKey } from '../paths.ts'
import type { CallOptions } from '../storage/backend.ts'

/** A key whose bytes are still to be deleted by this node: a doomed one, or one of which a row cannot be read. */
export interface QueuedErase {
  /** With a slash at its end it is a folder: its row is damaged, and what is in it waits. */
  readonly key: StorageKey
  /** When it was doomed; 0: not known, or it is not yet doomed. */
  readonly since: number
  readonly attempts: number
  /** Not tried again until `retry`; says why: its delete failed, or a row of it is damaged (HF_MANIFEST_CORRUPT). */
  readonly setAside?: string
  /** When it is tried next; 0: at once. */
  readonly nextTry: number
}

/** What a drained queue left behind. */
export interface DrainResult {
  /** Files whose bytes were deleted by this call. */
  readonly erased: number
  readonly setAside: readonly QueuedErase[]
  /** Keys that are tried again later: their last delete failed, or somebody is reading them. */
  readonly waiting: number
  /** Condemned files whose time has come, but which a hold keeps. */
  readonly held: number
}

/** Empties the queue of doomed files. The only part of a node that deletes bytes. */
export interface Eraser {
  /** Resolves when nothing is due any more. @throws HF_GATE_DENIED */
  drain(options?: CallOptions): Promise<DrainResult>
  /** Doomed files, those with damaged rows and those whose delete failed first, then by their keys; a bounded page. */
  queue(options?: { readonly limit?: number }): readonly QueuedErase[]
  /** Files that are doomed, or due to be, and whose bytes are still there; not those set aside or held. */
  backlog(): number
  /** Tries those that were set aside again; a damaged row of the queue is written anew. */
  retry(): Promise<number>
}
