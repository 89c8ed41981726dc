import { type ConsumerName, type ConsumerRow, DURABLE_HOOKS, type DurableHook } from '@holdfast/core'
import { type ByteReader, type ByteWriter, corrupt, newer } from '../format/bytes.ts'
import { behind, named, nameOf, TABLE } from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'

/** Format of a consumer's row. */
const VERSION = 1
const ALL = named(TABLE.consumer, '')
/** Most consumers of a node: hooks times plugins that it has ever had. */
const MOST = 10_000

/** How far each tap has come: rows of this node, also for taps of plugins that are not there at the moment. */
export class ConsumerRows {
  readonly #rows: Rows
  readonly #known = new Map<string, ConsumerRow>()

  constructor(rows: Rows) {
    this.#rows = rows
    this.reload()
  }

  all(): readonly ConsumerRow[] {
    return [...this.#known.values()]
  }

  has(consumer: ConsumerName): boolean {
    return this.#known.has(nameOfRow(consumer))
  }

  /** Whether events of a hook have to be kept for anybody. */
  any(hook: DurableHook): boolean {
    for (const row of this.#known.values()) if (row.hook === hook) return true
    return false
  }

  /** The last record of which nobody needs the events of a hook any more; undefined when nobody needs any. */
  passed(hook: DurableHook): number | undefined {
    const indexes = this.all()
      .filter((row) => row.hook === hook)
      .map(({ cursor }) => cursor.position.index)
    return indexes.length === 0 ? undefined : Math.min(...indexes)
  }

  /** Inside a transaction. */
  put(row: ConsumerRow): void {
    const name = nameOfRow(row)
    this.#rows.put(named(TABLE.consumer, name), (payload) => write(payload, row))
    this.#known.set(name, row)
  }

  /** Inside a transaction. */
  remove(consumer: ConsumerName): void {
    const name = nameOfRow(consumer)
    this.#rows.remove(named(TABLE.consumer, name))
    this.#known.delete(name)
  }

  /** Reads anew, at start and after a transaction that failed. */
  reload(): void {
    this.#known.clear()
    for (const row of this.#rows.page(ALL, behind(ALL), MOST, read)) this.#known.set(nameOfRow(row), row)
  }
}

function nameOfRow({ hook, plugin }: ConsumerName): string {
  return `${DURABLE_HOOKS.indexOf(hook)}${plugin}`
}

function write(writer: ByteWriter, { cursor: { position, done }, failure }: ConsumerRow): void {
  writer.u8(VERSION).varint(position.term).varint(position.index).varint(done)
  writer.varint(failure?.attempts ?? 0)
  if (failure) writer.text(failure.message).varint(failure.at).varint(failure.nextTry)
}

function read(reader: ByteReader, row: Buffer): ConsumerRow {
  const version = reader.u8()
  if (version !== VERSION) throw newer("a consumer's row", version)
  const hook = DURABLE_HOOKS[Number(nameOf(row, 1)[0])]
  if (!hook) throw corrupt('a consumer of a hook that there is not')
  const cursor = {
    position: { term: reader.varint(), index: reader.varint() },
    done: reader.varint(),
  }
  const consumer = { hook, plugin: nameOf(row, 2), cursor }
  const attempts = reader.varint()
  if (attempts === 0) return consumer
  return {
    ...consumer,
    failure: { attempts, message: reader.text(), at: reader.varint(), nextTry: reader.varint() },
  }
}
