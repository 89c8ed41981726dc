import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { setImmediate } from 'node:timers/promises'
import {
  type Backend,
  type ByteSource,
  type CallOptions,
  type Clock,
  compareBytes,
  createIds,
  type DeleteOutcome,
  type DeleteTarget,
  definePlugin,
  HoldfastError,
  type Ids,
  type ListOptions,
  type ListPage,
  type Plugin,
  type ReadOptions,
  type Stored,
  systemClock,
  text,
  type WriteOptions,
  type Written,
} from '@holdfast/core'
import { problem, throwIfAborted } from './errors.ts'
import { type Chunk, type ObjectRow, Objects } from './objects.ts'
import { chunksOf } from './source.ts'

export interface BackendSqliteOptions {
  /** The database; made when it is missing, in a folder that is there. One process at a time may use it. */
  readonly file: string
}

/** Keeps a node's files in one SQLite database: provides `backend`. */
export function backendSqlite(options: BackendSqliteOptions): Plugin {
  return definePlugin({
    name: '@holdfast/example-custom-backend',
    id: 'backend-sqlite',
    version: createRequire(import.meta.url)('../package.json').version,
    api: '1.0',
    provides: ['backend'],
    config: {
      file: text({ doc: 'The database; made when it is missing, in a folder that is there.' }),
    },
    options: { ...options },
    setup({ provide, config, ids, clock }) {
      provide('backend', () => new SqliteBackend({ ...config, ids, clock }))
    },
  })
}

/** The backend alone, started, for programs and tests without a node. */
export function openBackendSqlite({ file }: BackendSqliteOptions): Backend {
  const backend = new SqliteBackend({ file, ids: createIds(systemClock), clock: systemClock })
  backend.start()
  return backend
}

/** Bytes that are kept, read and written at a time. */
const CHUNK_BYTES = 256 * 1024

interface Parts extends BackendSqliteOptions {
  readonly ids: Ids
  readonly clock: Clock
}

class SqliteBackend implements Backend {
  readonly topology = 'local'
  readonly capabilities = {
    writeIfAbsent: true,
    readRange: true,
    readIfVersion: true,
    deleteIfVersion: true,
    listVersions: true,
    changedAt: true,
  }
  readonly limits = { keyBytes: 1024, deleteBatch: 1000, listPage: 1000 }
  readonly #parts: Parts
  #objects: Objects | undefined

  /** Opens nothing: a node is put together before any part of it starts. */
  constructor(parts: Parts) {
    this.#parts = parts
  }

  start(): void {
    this.#objects = new Objects(this.#parts.file)
  }

  stop(): void {
    this.#objects?.close()
    this.#objects = undefined
  }

  async write(key: string, source: ByteSource, options: WriteOptions = {}): Promise<Written> {
    const { size: announced, ifAbsent = false, signal } = options
    throwIfAborted(signal)
    const objects = this.#opened()
    const id = this.#parts.ids.next()
    const hash = createHash('sha256')
    let size = 0
    let last: Chunk | undefined
    try {
      for await (const bytes of chunksOf(source, CHUNK_BYTES, signal)) {
        if (last) {
          objects.addChunk(id, last)
          // SQLite's calls are synchronous: others get their turn in between.
          await setImmediate()
        }
        last = { start: size, bytes }
        hash.update(bytes)
        size += bytes.length
        if (announced !== undefined && size > announced) break
      }
      if (announced !== undefined && size !== announced)
        throw problem('invalid', `the source gave another number of bytes than the ${announced} announced`)
      throwIfAborted(signal)
      const changedAt = this.#parts.clock.now()
      const object = { id, size, checksum: `sha256:${hash.digest('hex')}`, changedAt }
      if (!objects.publish(key, object, last, ifAbsent)) throw problem('exists', `${key} is there already`)
      return storedOf(object)
    } catch (error) {
      objects.discard(id)
      throw error
    }
  }

  async read(key: string, options: ReadOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    throwIfAborted(options.signal)
    checkRange(options)
    this.#wanted(key, options)
    return this.#pieces(key, options)
  }

  async *#pieces(key: string, options: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const { range, signal } = options
    throwIfAborted(signal)
    const objects = this.#opened()
    // Looked up again: until the first pull nothing keeps the object from being replaced.
    const { id, size } = this.#wanted(key, options)
    objects.hold(id)
    try {
      const end = Math.min(range?.end ?? size, size)
      for (let at = range?.start ?? 0; at < end; ) {
        const chunk = objects.chunkAt(id, at)
        const piece = chunk?.bytes.subarray(at - chunk.start, end - chunk.start)
        if (!piece?.length) throw problem('corrupt', `${key} has lost bytes from ${at} on`)
        at += piece.length
        yield piece
        await setImmediate()
        throwIfAborted(signal)
      }
    } finally {
      objects.release(id, key)
    }
  }

  async stat(key: string, { signal }: CallOptions = {}): Promise<Stored | undefined> {
    throwIfAborted(signal)
    const object = this.#opened().find(key)
    return object && storedOf(object)
  }

  async *list(options: ListOptions = {}): AsyncGenerator<ListPage, void, undefined> {
    const { prefix = '', until, fields = [], signal } = options
    const wanted = (key: string) =>
      key.startsWith(prefix) && (until === undefined || compareBytes(key, until) < 0)
    for (let after = options.after ?? ''; ; ) {
      throwIfAborted(signal)
      const found = this.#opened().page(prefix, after, this.limits.listPage)
      const rows = found.filter(({ key }) => wanted(key))
      const end = found.at(-1)?.key
      if (rows.length > 0)
        yield {
          keys: rows.map(({ key }) => key),
          ...(fields.includes('sizes') && { sizes: rows.map(({ size }) => size) }),
          ...(fields.includes('changedAt') && { changedAt: rows.map(({ changedAt }) => changedAt) }),
          ...(fields.includes('versions') && { versions: rows.map(({ id }) => id) }),
        }
      // Whatever follows a key that is not wanted is not wanted either.
      if (end === undefined || rows.length < found.length) return
      after = end
      await setImmediate()
    }
  }

  async delete(targets: readonly DeleteTarget[], { signal }: CallOptions = {}): Promise<DeleteOutcome[]> {
    throwIfAborted(signal)
    if (targets.length > this.limits.deleteBatch)
      throw problem('invalid', `${targets.length} targets are more than ${this.limits.deleteBatch}`)
    const changed = this.#opened().remove(targets)
    return targets.map(({ key }, index) => ({ key, status: changed[index] ? 'changed' : 'gone' }))
  }

  #wanted(key: string, { ifVersion }: ReadOptions): ObjectRow {
    const object = this.#opened().find(key)
    if (!object) throw problem('not_found', `there is no ${key}`)
    if (ifVersion !== undefined && ifVersion !== object.id)
      throw problem('conflict', `${key} has version ${object.id}, not ${ifVersion}`)
    return object
  }

  #opened(): Objects {
    if (!this.#objects) throw new HoldfastError('HF_NOT_STARTED', 'the SQLite backend is not started')
    return this.#objects
  }
}

function storedOf({ id, size, checksum, changedAt }: ObjectRow): Written {
  return { size, checksum, version: id, changedAt }
}

function checkRange({ range }: ReadOptions): void {
  const { start, end = start } = range ?? { start: 0 }
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start)
    throw problem('invalid', `${JSON.stringify(range)} is not a range of bytes`)
}
