import type { ByteSource, CallOptions } from '../storage/backend.ts'
import type { Condemned, Entry, EntryChanges } from './entry.ts'

/** What a caller may say of a file that it writes. */
export interface FileFacts {
  readonly namespace?: string
  /** Times of the oldest and newest row, ms since 1970 UTC; they win over what the layout reads from the path. */
  readonly minTime?: number
  readonly maxTime?: number
  readonly rows?: number
  readonly metadata?: Readonly<Record<string, string>>
}

export interface FileWriteOptions extends CallOptions, FileFacts {
  /** Write only if no file has this path; otherwise HF_PATH_EXISTS. */
  readonly ifAbsent?: true
  /** Write only over the file that has this generation; otherwise HF_INPUT_CHANGED. */
  readonly ifGeneration?: number
  /** Milliseconds until the bytes that are overwritten may be erased. Default: the `eraseDelay` knob. */
  readonly delay?: number
}

/** A file that a replacement writes. */
export interface FileOutput extends FileFacts {
  readonly path: string
  readonly source: ByteSource | string
}

export interface FileReplaceOptions extends CallOptions {
  /** Files that go: paths as they are now, or the generation that the decision was made on. At least one. */
  readonly inputs: readonly (string | { readonly path: string; readonly generation: number })[]
  /** Files that come in their place; may have the paths of inputs. At least one. */
  readonly outputs: readonly FileOutput[]
  /** Milliseconds until the bytes of the inputs may be erased. Default: the `eraseDelay` knob. */
  readonly delay?: number
  /** Default `replaced`. */
  readonly reason?: string
  /** Names the run that does this, for `undo({ run })`. */
  readonly run?: string
}

export interface Replaced {
  /** What `undo({ replacement })` takes. */
  readonly replacement: number
  /** In the order of the outputs. */
  readonly entries: readonly Entry[]
}

/** Fields of a listed file that a caller may change; null removes one. */
export type FileChanges = Pick<EntryChanges, 'namespace' | 'minTime' | 'maxTime' | 'rows' | 'metadata'>

export interface FileUpdateOptions extends CallOptions {
  /** Change only the file that has this generation; otherwise HF_INPUT_CHANGED. */
  readonly ifGeneration?: number
}

export interface FileDeleteOptions extends CallOptions {
  /** Milliseconds until the bytes may be erased; until then `undo` brings the file back. Default: the `eraseDelay` knob. */
  readonly delay?: number
}

/** What became of a run's files. */
export interface Undone {
  readonly files: number
  /** Those that did not come back, by the code of the reason. */
  readonly skipped: Readonly<Record<string, number>>
  /** At most ten of them. */
  readonly samples: readonly { readonly key: string; readonly path?: string; readonly code: string }[]
}

/** The files of a node. Paths are checked, never rewritten (HF_PATH_INVALID). */
export interface Files {
  /**
   * Writes a file; when it resolves, bytes and listing are durable. A file that has this path is replaced: readers see
   * the old one or the new one. Of several writers the last one wins.
   * @throws HF_PATH_EXISTS, HF_PATH_CONFLICT (a file lies where a folder is needed, or the reverse), HF_HELD,
   * HF_INPUT_CHANGED
   */
  write(path: string, source: ByteSource | string, options?: FileWriteOptions): Promise<Entry>
  /**
   * Writes the outputs, then lists them and condemns the inputs in one step, all or nothing.
   * @throws HF_FILE_NOT_FOUND, HF_INPUT_CHANGED, HF_HELD, HF_PATH_EXISTS, HF_PATH_CONFLICT
   */
  replace(options: FileReplaceOptions): Promise<Replaced>
  /** Changes what is known of a file. @throws HF_FILE_NOT_FOUND, HF_INPUT_CHANGED, HF_OPTION_INVALID */
  update(path: string, changes: FileChanges, options?: FileUpdateOptions): Promise<Entry>
  /**
   * Streams a file's bytes and checks them against the checksum at the end. By key also a condemned one: look before undo.
   * @throws HF_FILE_NOT_FOUND, HF_FILE_DELETED, HF_BYTES_MISSING, HF_BYTES_CORRUPT, HF_DOOMED
   */
  read(path: string | { readonly key: string }, options?: CallOptions): Promise<AsyncIterable<Uint8Array>>
  stat(path: string): Promise<Entry | undefined>
  /** Live files in byte order of their paths. */
  list(options?: CallOptions & { readonly prefix?: string }): AsyncIterable<Entry>
  /** What can still be undone. */
  condemned(options?: CallOptions & { readonly prefix?: string }): AsyncIterable<Condemned>
  /**
   * Resolves when the file is no longer listed, whatever the delay.
   * @throws HF_FILE_NOT_FOUND, HF_INPUT_CHANGED, HF_HELD
   */
  delete(path: string, options?: FileDeleteOptions): Promise<void>
  /**
   * Lists the newest condemned file of this path again, or that of a key. One that was replaced comes back with the whole
   * replacement only (HF_INPUT_CHANGED, `context.replacement`).
   * @throws HF_FILE_NOT_FOUND, HF_DOOMED, HF_PATH_EXISTS, HF_PATH_CONFLICT, HF_BYTES_MISSING, HF_INPUT_CHANGED
   */
  undo(path: string | { readonly key: string }, options?: CallOptions): Promise<Entry>
  /** Takes a replacement back: its inputs come back, its outputs go. The result can be undone in the same way. */
  undo(replacement: { readonly replacement: number }, options?: FileDeleteOptions): Promise<Replaced>
  /** Brings back what a run condemned, in batches; what cannot come back is counted. */
  undo(run: { readonly run: string }, options?: CallOptions): Promise<Undone>
}
