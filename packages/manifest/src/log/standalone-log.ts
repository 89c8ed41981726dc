import { mkdirSync } from 'node:fs'
import {
  FailpointRegistry,
  type Log,
  type LogAppendOptions,
  logConflict,
  type Position,
  recordTooLarge,
} from '@holdfast/core'
import { EMBEDDED_TERM, EmbeddedLog } from '../commit/log.ts'
import { createSeal } from '../format/seal.ts'
import { Rows } from '../state/rows.ts'
import { openLmdb } from '../store/lmdb.ts'
import { LogReader, type LogReaderParts } from './log-reader.ts'

export interface StandaloneLogOptions {
  /** Of a log that is not there yet. */
  readonly id: string
  readonly failpoints?: FailpointRegistry
}

/** The embedded log with a store of its own and no state on top: opens it, or makes it. */
export async function openStandaloneLog(
  folder: string,
  { id, failpoints = new FailpointRegistry() }: StandaloneLogOptions,
): Promise<StandaloneLog> {
  mkdirSync(folder, { recursive: true })
  const seal = await createSeal()
  const store = openLmdb(folder)
  const listeners = new Set<() => void>()
  const all = new Rows(store, seal)
  const rows = new EmbeddedLog(all, seal)
  const parts: Parts = {
    rows,
    failpoints,
    now(change) {
      const result = all.transaction(change)
      for (const listener of listeners) listener()
      return result
    },
    transact: async (change) => parts.now(change),
    onCommitted(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  parts.now(() => rows.begin(id))
  return new StandaloneLog(parts, () => store.close())
}

interface Parts extends LogReaderParts {
  /** As `transact`, at once. */
  readonly now: <T>(change: () => T) => T
}

export class StandaloneLog extends LogReader implements Log {
  readonly #own: Parts
  readonly #close: () => Promise<void>

  constructor(parts: Parts, close: () => Promise<void>) {
    super(parts)
    this.#own = parts
    this.#close = close
  }

  async append(bytes: Uint8Array, { expectedHead, signal }: LogAppendOptions): Promise<Position> {
    // Also notices a log that is closed.
    await this.head(signal ? { signal } : {})
    const { maxRecordBytes } = this.capabilities
    if (bytes.length > maxRecordBytes) throw recordTooLarge(bytes.length, maxRecordBytes)
    const { rows, now } = this.#own
    return now(() => {
      const head = rows.head()
      if (head.term !== expectedHead.term || head.index !== expectedHead.index)
        throw logConflict(expectedHead, head)
      const position = { term: Math.max(head.term, EMBEDDED_TERM), index: head.index + 1 }
      rows.append(position, bytes)
      return position
    })
  }

  async close(): Promise<void> {
    this.end()
    await this.#close()
  }
}
