import {
  type Denial,
  HoldfastError,
  type Ids,
  type ManifestHead,
  messageOf,
  type Storage,
} from '@holdfast/core'
import { named, TABLE } from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'

const STORE = named(TABLE.node, 'store')
const LOST = 'the store has lost its identity record: is it mounted?'
export const STORE_RECORD = 'store.json'
const OWNER = 'owner.json'

interface Known {
  readonly storeId: string
  readonly logId: string
  /** False from the moment the ids were made until the store carries them. */
  readonly settled: boolean
}

/**
 * Ties a manifest to its store: the store carries an identity that was made for this data folder and is made only
 * once. An unmounted disk or a wrong bucket looks exactly like "every file is gone"; the missing record tells.
 */
export class StoreIdentity {
  readonly storeId: string
  readonly logId: string
  readonly #storage: Storage
  #lost = false

  private constructor(storage: Storage, { storeId, logId }: Known) {
    this.#storage = storage
    this.storeId = storeId
    this.logId = logId
  }

  /** @throws HF_STORE_MISMATCH when the store belongs to another manifest */
  static async open(storage: Storage, rows: Rows, ids: Ids): Promise<StoreIdentity> {
    const known =
      readKnown(rows) ?? rememberStore(rows, { storeId: ids.next(), logId: ids.next(), settled: false })
    const identity = new StoreIdentity(storage, known)
    if (known.settled) {
      const found = await identity.#read()
      // Reads go on without the record; whatever writes or destroys is denied until it is back.
      identity.#lost = found === undefined
      if (found !== undefined && found !== known.storeId) throw identity.#foreign(found)
      return identity
    }
    const record = { storeId: known.storeId, logId: known.logId }
    if (!(await storage.records.write(STORE_RECORD, encodeIdentity(record), { ifAbsent: true }))) {
      const found = await identity.#read()
      if (found !== known.storeId) throw identity.#foreign(found ?? 'nobody')
    }
    rememberStore(rows, { ...known, settled: true })
    return identity
  }

  /** Whether the store carried no identity when it was looked at last. */
  get lost(): boolean {
    return this.#lost
  }

  /** @throws HF_STORE_MISMATCH */
  mustBeWritable(): void {
    if (this.#lost)
      throw new HoldfastError('HF_STORE_MISMATCH', `${LOST}; nothing is written into it`, {
        context: { expected: this.storeId },
      })
  }

  /** The gate's condition: is this still the store that the manifest lists the bytes of? */
  async check(signal?: AbortSignal): Promise<Denial | undefined> {
    const mismatch = (deny: string): Denial => ({ deny, reason: 'store_mismatch', retryAfter: 5000 })
    try {
      const found = await this.#read(signal)
      this.#lost = found === undefined
      if (found === this.storeId) return undefined
      return mismatch(found === undefined ? LOST : `the store is ${found}, not ${this.storeId}`)
    } catch (error) {
      return mismatch(`the store's identity cannot be read: ${messageOf(error)}`)
    }
  }

  /** Writes down who owns the store, and how far its manifest has come. */
  async recordOwner(nodeId: string, incarnation: string, { position, time }: ManifestHead): Promise<void> {
    const { storeId, logId } = this
    await this.#storage.records.write(
      OWNER,
      encode({ format: 1, storeId, logId, nodeId, incarnation, position, time }),
    )
  }

  async #read(signal?: AbortSignal): Promise<string | undefined> {
    const bytes = await this.#storage.records.read(STORE_RECORD, signal ? { signal } : {})
    if (!bytes) return undefined
    try {
      const { storeId } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { storeId?: unknown }
      if (typeof storeId === 'string') return storeId
    } catch {
      // Said by the caller, as for a record of somebody else.
    }
    return 'an unreadable record'
  }

  #foreign(found: string): HoldfastError {
    return new HoldfastError(
      'HF_STORE_MISMATCH',
      `the store belongs to ${found}, this data folder to ${this.storeId}; use an empty store, or the data folder that belongs to this one`,
      { context: { found, expected: this.storeId } },
    )
  }
}

function encode(record: object): Buffer {
  return Buffer.from(`${JSON.stringify(record)}\n`)
}

export function encodeIdentity({ storeId, logId }: Omit<Known, 'settled'>): Buffer {
  return encode({ format: 1, storeId, logId })
}

/** What a store says that it is; undefined when it says nothing, or nothing that can be read. */
export async function readIdentity(storage: Storage): Promise<Omit<Known, 'settled'> | undefined> {
  const bytes = await storage.records.read(STORE_RECORD)
  if (!bytes) return undefined
  try {
    const { storeId, logId } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Known>
    return typeof storeId === 'string' && typeof logId === 'string' ? { storeId, logId } : undefined
  } catch {
    return undefined
  }
}

export function knowsStore(rows: Rows): boolean {
  return readKnown(rows) !== undefined
}

function readKnown(rows: Rows): Known | undefined {
  return rows.get(STORE, (payload) => ({
    storeId: payload.text(),
    logId: payload.text(),
    settled: payload.u8() === 1,
  }))
}

export function rememberStore(rows: Rows, known: Known): Known {
  rows.transaction(() =>
    rows.put(STORE, (payload) =>
      payload
        .text(known.storeId)
        .text(known.logId)
        .u8(known.settled ? 1 : 0),
    ),
  )
  return known
}
