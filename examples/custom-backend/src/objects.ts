import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { coded, problem } from './errors.ts'

/** What is kept of one object beside its bytes. */
export interface ObjectRow {
  /** Used for one write only: names its chunks, and is the object's version. */
  readonly id: string
  readonly size: number
  readonly checksum: string
  /** ms since 1970 UTC. */
  readonly changedAt: number
}

export interface Chunk {
  /** Where in the object it begins. */
  readonly start: number
  readonly bytes: Uint8Array
}

// SQLite compares texts by their UTF-8 bytes, which is the order that listings need.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS objects (
    key TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, checksum TEXT NOT NULL,
    changedAt INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS chunks (
    object TEXT NOT NULL, start INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (object, start)
  ) STRICT;`

/** What the writes and readers of a process that died have left. */
const LITTER = `
  DELETE FROM chunks WHERE object IN (SELECT DISTINCT object FROM chunks EXCEPT SELECT id FROM objects);`

const OBJECT = 'SELECT id, size, checksum, changedAt FROM objects WHERE key = ?'
const PUT_OBJECT =
  'INSERT OR REPLACE INTO objects (key, id, size, checksum, changedAt) VALUES (?, ?, ?, ?, ?)'
const DROP_OBJECT = 'DELETE FROM objects WHERE key = ?'
const CHUNK_AT = 'SELECT start, bytes FROM chunks WHERE object = ? AND start <= ? ORDER BY start DESC LIMIT 1'
const PUT_CHUNK = 'INSERT INTO chunks (object, start, bytes) VALUES (?, ?, ?)'
const DROP_CHUNKS = 'DELETE FROM chunks WHERE object = ?'
const PAGE = `
  SELECT key, id, size, checksum, changedAt FROM objects
  WHERE key >= max(:prefix, :after) AND key <> :after ORDER BY key LIMIT :limit`

/** Objects and their chunks in one SQLite file. Every change is durable when its method returns. */
export class Objects {
  readonly #db: DatabaseSync
  /** Objects that are being read, with the number of readers: their chunks stay until the last of them ends. */
  readonly #readers = new Map<string, number>()

  /** @throws HF_BACKEND; kind conflict when another process has the file */
  constructor(file: string) {
    this.#db = coded(() => new DatabaseSync(file), `${file}, whose folder must be there`)
    try {
      coded(() => this.#prepare(file), `${file}, which one process at a time may have`)
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  #prepare(file: string): void {
    // SQLite then keeps its lock until the file is closed or the process has died.
    this.#db.exec('PRAGMA locking_mode = EXCLUSIVE')
    const mode = this.#db.prepare('PRAGMA journal_mode = WAL').get()
    if (mode?.journal_mode !== 'wal') throw problem('unsupported', `${file} cannot have a write-ahead log`)
    // A commit returns when it has reached the disk; on macOS that takes a second word. Deleted bytes are overwritten.
    this.#db.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA secure_delete = ON')
    this.#transaction(() => this.#db.exec(SCHEMA + LITTER))
  }

  close(): void {
    this.#db.close()
  }

  find(key: string): ObjectRow | undefined {
    return this.#get<ObjectRow>(OBJECT, key)
  }

  /** The chunk that holds the byte at this place. */
  chunkAt(id: string, at: number): Chunk | undefined {
    return this.#get<Chunk>(CHUNK_AT, id, at)
  }

  /** Keeps a chunk of an object that nobody sees yet. */
  addChunk(id: string, { start, bytes }: Chunk): void {
    coded(() => this.#db.prepare(PUT_CHUNK).run(id, start, bytes))
  }

  /** Gives an object its key, with its last chunk, in one step. False when `ifAbsent` forbids it. */
  publish(key: string, object: ObjectRow, last: Chunk | undefined, ifAbsent: boolean): boolean {
    return coded(() =>
      this.#transaction(() => {
        const replaced = this.find(key)
        if (replaced && ifAbsent) return false
        if (last) this.addChunk(object.id, last)
        const { id, size, checksum, changedAt } = object
        this.#db.prepare(PUT_OBJECT).run(key, id, size, checksum, changedAt)
        if (replaced) this.#dropChunks(replaced.id)
        return true
      }),
    )
  }

  /** Deletes all of these, or none when that fails. Gives, for each, whether its version was another. */
  remove(targets: readonly { readonly key: string; readonly ifVersion?: string }[]): boolean[] {
    return coded(() =>
      this.#transaction(() =>
        targets.map(({ key, ifVersion }) => {
          const object = this.find(key)
          if (!object) return false
          if (ifVersion !== undefined && ifVersion !== object.id) return true
          this.#db.prepare(DROP_OBJECT).run(key)
          this.#dropChunks(object.id)
          return false
        }),
      ),
    )
  }

  /** The next objects in the order of their keys: those after `after`, from `prefix` on. */
  page(prefix: string, after: string, limit: number): (ObjectRow & { readonly key: string })[] {
    return coded(() => this.#db.prepare(PAGE).all({ prefix, after, limit })) as never
  }

  /** Keeps the chunks of an object while somebody reads it, whatever becomes of the object. */
  hold(id: string): void {
    this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1)
  }

  release(id: string, key: string): void {
    const left = (this.#readers.get(id) ?? 1) - 1
    if (left > 0) return void this.#readers.set(id, left)
    this.#readers.delete(id)
    this.#tidy(() => this.find(key)?.id !== id && this.#dropChunks(id))
  }

  /** Takes away the chunks of a write that failed. */
  discard(id: string): void {
    this.#tidy(() => this.#dropChunks(id))
  }

  /** What stays because this fails is seen by nobody, and the next start takes it away. */
  #tidy(step: () => unknown): void {
    try {
      step()
    } catch {
      // Whoever called has something else to tell.
    }
  }

  #dropChunks(id: string): void {
    if (!this.#readers.has(id)) this.#db.prepare(DROP_CHUNKS).run(id)
  }

  #get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return coded(() => this.#db.prepare(sql).get(...values)) as T | undefined
  }

  #transaction<T>(change: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = change()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }
}
