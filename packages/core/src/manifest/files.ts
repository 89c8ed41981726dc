import type { ByteSource, CallOptions } from '../storage/backend.ts'
import type { Condemned, Entry } from './entry.ts'

export interface FileWriteOptions extends CallOptions {
  readonly namespace?: string
  /** Times of the oldest and newest row, ms since 1970 UTC; they win over what the layout reads from the path. */
  readonly minTime?: number
  readonly maxTime?: number
  readonly rows?: number
  readonly metadata?: Readonly<Record<string, string>>
}

export interface FileDeleteOptions extends CallOptions {
  /** Milliseconds until the bytes may be erased; until then `undo` brings the file back. Default: the `eraseDelay` knob. */
  readonly delay?: number
}

/** The files of a node. Paths are checked, never rewritten (HF_PATH_INVALID). */
export interface Files {
  /**
   * Writes a file; when it resolves, bytes and listing are durable.
   * @throws HF_PATH_EXISTS, HF_PATH_CONFLICT (a file lies where a folder is needed, or the reverse)
   */
  write(path: string, source: ByteSource | string, options?: FileWriteOptions): Promise<Entry>
  /**
   * Streams a file's bytes and checks them against the checksum at the end.
   * @throws HF_FILE_NOT_FOUND, HF_FILE_DELETED, HF_BYTES_MISSING, HF_BYTES_CORRUPT, HF_DOOMED
   */
  read(path: string | { readonly key: string }, options?: CallOptions): Promise<AsyncIterable<Uint8Array>>
  stat(path: string): Promise<Entry | undefined>
  /** Live files in byte order of their paths. */
  list(options?: CallOptions & { readonly prefix?: string }): AsyncIterable<Entry>
  /** What can still be undone. */
  condemned(options?: CallOptions & { readonly prefix?: string }): AsyncIterable<Condemned>
  /** Resolves when the file is no longer listed, whatever the delay. @throws HF_FILE_NOT_FOUND, HF_INPUT_CHANGED */
  delete(path: string, options?: FileDeleteOptions): Promise<void>
  /**
   * Lists the newest condemned file of this path again.
   * @throws HF_FILE_NOT_FOUND, HF_DOOMED, HF_PATH_EXISTS, HF_PATH_CONFLICT, HF_BYTES_MISSING
   */
  undo(path: string, options?: CallOptions): Promise<Entry>
}
