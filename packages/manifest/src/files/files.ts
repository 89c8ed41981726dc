import {
  type ByteSource,
  type CallOptions,
  type Condemned,
  type Entry,
  type FileChanges,
  type FileDeleteOptions,
  type FilePath,
  type FileReplaceOptions,
  type Files,
  type FileUpdateOptions,
  type FileWriteOptions,
  HoldfastError,
  type Layout,
  type Page,
  type PageQuery,
  parseKey,
  parsePath,
  type Replaced,
  type Storage,
  type StorageKey,
  type Undone,
} from '@holdfast/core'
import type { Opened } from '../opened.ts'
import { condemned, entries, leavingOf, publicKeyState } from '../state/scans.ts'
import { openBytes, type ReadParts } from './read.ts'
import { refusal } from './refusals.ts'
import { replaceFiles } from './replace.ts'
import { undoKey, undoReplacement, undoRun } from './undo.ts'
import { updateFile } from './update.ts'
import { writeFile } from './write.ts'

export interface FilesParts {
  readonly opened: () => Opened
  readonly storage: Storage
  readonly layout: Layout
  /** Default delay of a delete, ms. */
  readonly eraseDelay: number
  readonly unreadable: ReadParts['unreadable']
}

/** The files of a node, over its manifest and its store. */
export class ManifestFiles implements Files {
  readonly #parts: FilesParts

  constructor(parts: FilesParts) {
    this.#parts = parts
  }

  async write(path: string, source: ByteSource | string, options: FileWriteOptions = {}): Promise<Entry> {
    return writeFile(this.#parts.opened(), this.#parts, path, source, options)
  }

  async replace(options: FileReplaceOptions): Promise<Replaced> {
    const listed = (path: string) => this.#listed(parsePath(path))
    return replaceFiles(this.#parts.opened(), this.#parts, listed, options)
  }

  async update(path: string, changes: FileChanges, options: FileUpdateOptions = {}): Promise<Entry> {
    return updateFile(this.#parts.opened(), this.#listed(parsePath(path)), changes, options)
  }

  async read(
    target: string | { readonly key: string },
    options: CallOptions = {},
  ): Promise<AsyncIterable<Uint8Array>> {
    const opened = this.#parts.opened()
    const entry =
      typeof target === 'string' ? this.#listed(parsePath(target)) : this.#byKey(parseKey(target.key))
    const { storage, unreadable } = this.#parts
    return openBytes(entry, { state: opened.state, pins: opened.pins, storage, unreadable }, options)
  }

  async stat(path: string): Promise<Entry | undefined> {
    return this.#parts.opened().state.entry(parsePath(path))
  }

  list(options: CallOptions & { readonly prefix?: string } = {}): AsyncIterable<Entry> {
    return paged((query) => entries(this.#parts.opened().state, query), options)
  }

  condemned(options: CallOptions & { readonly prefix?: string } = {}): AsyncIterable<Condemned> {
    return paged((query) => condemned(this.#parts.opened().state, query), options)
  }

  async delete(
    path: string,
    { delay = this.#parts.eraseDelay, signal }: FileDeleteOptions = {},
  ): Promise<void> {
    const opened = this.#parts.opened()
    const { committer } = opened
    const entry = this.#listed(parsePath(path))
    const { key, generation } = entry
    const op = { type: 'condemn', key, generation, delay, reason: 'deleted' } as const
    const { outcomes } = await committer.commit({ ops: [op] }, signal ? { signal } : {})
    if (outcomes[0]?.status === 'skipped')
      throw refusal(opened, outcomes[0], { operation: 'files.delete', path: entry.path, key })
  }

  undo(path: string | { readonly key: string }, options?: CallOptions): Promise<Entry>
  undo(replacement: { readonly replacement: number }, options?: FileDeleteOptions): Promise<Replaced>
  undo(run: { readonly run: string }, options?: CallOptions): Promise<Undone>
  async undo(
    what: string | { readonly key: string } | { readonly replacement: number } | { readonly run: string },
    { delay = this.#parts.eraseDelay, ...options }: FileDeleteOptions = {},
  ): Promise<Entry | Replaced | Undone> {
    const { storage } = this.#parts
    const opened = this.#parts.opened()
    if (typeof what === 'string') return this.#undoPath(parsePath(what), options)
    if ('key' in what) return undoKey(opened, storage, parseKey(what.key), options)
    if ('run' in what) return undoRun(opened, storage, what.run, { ...options, delay })
    return undoReplacement(opened, storage, what.replacement, { ...options, delay })
  }

  async #undoPath(path: FilePath, options: CallOptions): Promise<Entry> {
    const opened = this.#parts.opened()
    const { state } = opened
    const key = leavingOf(state, path).find((candidate) => state.key(candidate)?.state === 'condemned')
    if (key) return undoKey(opened, this.#parts.storage, key, options)
    const listed = state.entry(path)
    if (listed) return listed
    const doomed = leavingOf(state, path).next().value !== undefined
    throw notFound(path, 'files.undo', doomed ? 'HF_DOOMED' : 'HF_FILE_NOT_FOUND')
  }

  #listed(path: FilePath): Entry {
    const { state } = this.#parts.opened()
    const entry = state.entry(path)
    if (entry) return entry
    const lost = [...leavingOf(state, path).take(10)].flatMap((key) => {
      const known = state.key(key)
      return known?.state === 'condemned' ? [{ key, until: known.notBefore }] : []
    })
    throw notFound(path, 'files', 'HF_FILE_NOT_FOUND', { condemned: lost })
  }

  /** A live or condemned file by its key: look before you undo. */
  #byKey(key: StorageKey): Entry {
    const { state } = this.#parts.opened()
    const known = publicKeyState(key, state.key(key))
    const entry =
      known?.state === 'live'
        ? state.entry(known.path)
        : known?.state === 'condemned'
          ? known.entry
          : undefined
    if (entry) return entry
    throw notFound(key, 'files.read', known?.state === 'doomed' ? 'HF_DOOMED' : 'HF_FILE_NOT_FOUND')
  }
}

function notFound(
  name: string,
  operation: string,
  code: 'HF_FILE_NOT_FOUND' | 'HF_DOOMED',
  context: object = {},
): HoldfastError {
  const message = code === 'HF_DOOMED' ? `${name} is being erased` : `there is no file ${name}`
  return new HoldfastError(code, message, { operation, context: { path: name, ...context } })
}

async function* paged<T>(
  read: (query: PageQuery & { readonly prefix?: string }) => Page<T>,
  { prefix, signal }: CallOptions & { readonly prefix?: string },
): AsyncGenerator<T> {
  for (let cursor: string | undefined; ; ) {
    signal?.throwIfAborted()
    const page = read({
      ...(prefix !== undefined && { prefix }),
      ...(cursor !== undefined && { after: cursor }),
    })
    yield* page.items
    if (page.next === undefined) return
    cursor = page.next
  }
}
