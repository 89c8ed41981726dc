import {
  type Denial,
  type FailpointRegistry,
  HoldfastError,
  type Ids,
  messageOf,
  type Storage,
} from '@holdfast/core'
import { newer } from '../format/bytes.ts'
import { named, TABLE } from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'
import { decodeControl, encodeControl } from './control-file.ts'

const STORE = named(TABLE.node, 'store')
export const STORE_RECORD = 'store.json'
const SAYS: Record<'lost' | 'damaged', string> = {
  lost: 'the store has lost its identity record: is it mounted?',
  damaged:
    "the store's identity record is damaged: if it is the right store, say so with holdfast acknowledge --act, or service('manifest').acknowledge({ actor })",
}

interface Known {
  readonly storeId: string
  readonly logId: string
  /** False from the moment the ids were made until the store carries them. */
  readonly settled: boolean
}

/** What the store says that it is. */
type Found =
  | { readonly state: 'carries'; readonly storeId: string }
  | { readonly state: 'newer'; readonly format: number }
  | { readonly state: 'lost' }
  | { readonly state: 'damaged' }

/**
 * Ties a manifest to its store: the store carries an identity that was made for this data folder and is made only
 * once. An unmounted disk or a wrong bucket looks exactly like "every file is gone"; the missing record tells.
 */
export class StoreIdentity {
  readonly storeId: string
  readonly logId: string
  readonly #storage: Storage
  #flaw: 'lost' | 'damaged' | undefined

  private constructor(storage: Storage, { storeId, logId }: Known) {
    this.#storage = storage
    this.storeId = storeId
    this.logId = logId
  }

  /** @throws HF_STORE_MISMATCH when the store belongs to another manifest, HF_FORMAT_NEWER */
  static async open(
    storage: Storage,
    rows: Rows,
    ids: Ids,
    failpoints: FailpointRegistry,
  ): Promise<StoreIdentity> {
    const kept = readKnown(rows)
    const known = kept ?? { storeId: ids.next(), logId: ids.next(), settled: false }
    const identity = new StoreIdentity(storage, known)
    const found = await identity.#read()
    identity.#mustBeOurs(found, kept)
    if (known.settled) {
      // Reads go on without the record; whatever writes or destroys is denied until it is back.
      identity.#note(found)
      return identity
    }
    if (!kept) rememberStore(rows, known)
    if (failpoints.armed) await failpoints.hit('start.identity.before')
    if (found.state === 'lost' && !(await identity.#write({ ifAbsent: true })))
      identity.#mustBeOurs(await identity.#read(), known)
    if (failpoints.armed) await failpoints.hit('start.identity.written')
    rememberStore(rows, { ...known, settled: true })
    if (failpoints.armed) await failpoints.hit('start.identity.after')
    return identity
  }

  /** Whether the store, when it was looked at last, carried no identity that can be read. */
  get flawed(): boolean {
    return this.#flaw !== undefined
  }

  /** @throws HF_STORE_MISMATCH */
  mustBeWritable(): void {
    if (this.#flaw)
      throw new HoldfastError('HF_STORE_MISMATCH', `${SAYS[this.#flaw]}; nothing is written into it`, {
        context: { expected: this.storeId },
      })
  }

  /** The gate's condition: is this still the store that the manifest lists the bytes of? */
  async check(signal?: AbortSignal): Promise<Denial | undefined> {
    const mismatch = (deny: string): Denial => ({ deny, reason: 'store_mismatch', retryAfter: 5000 })
    try {
      const found = await this.#read(signal)
      this.#note(found)
      if (found.state === 'lost' || found.state === 'damaged') return mismatch(SAYS[found.state])
      if (found.state === 'newer') return mismatch(`the store's identity has format ${found.format}`)
      if (found.storeId === this.storeId) return undefined
      return mismatch(`the store is ${found.storeId}, not ${this.storeId}`)
    } catch (error) {
      return mismatch(`the store's identity cannot be read: ${messageOf(error)}`)
    }
  }

  /**
   * Whether the record is damaged, and somebody's word would mend it. One that is missing it would not: that would make
   * any empty folder the right store.
   * @throws HF_STORE_MISMATCH when it is missing or another's, HF_FORMAT_NEWER
   */
  async isDamaged(signal?: AbortSignal): Promise<boolean> {
    const found = await this.#read(signal)
    if (found.state === 'newer') throw newer("the store's identity", found.format)
    if (found.state === 'carries' && found.storeId !== this.storeId) throw this.#foreign(found.storeId)
    this.#note(found)
    if (found.state === 'lost') this.mustBeWritable()
    return found.state === 'damaged'
  }

  /** Writes the record anew: somebody has said that this is the right store. */
  async mend(): Promise<void> {
    await this.#write({})
    this.#flaw = undefined
  }

  #note({ state }: Found): void {
    this.#flaw = state === 'lost' || state === 'damaged' ? state : undefined
  }

  /** What a manifest that has not settled with its store yet finds must be nothing, or what it wrote itself. */
  #mustBeOurs(found: Found, known: Known | undefined): void {
    if (found.state === 'newer') throw newer("the store's identity", found.format)
    if (found.state === 'carries' && (!known || found.storeId !== this.storeId))
      throw known ? this.#foreign(found.storeId) : foreignToNew(found.storeId)
    if (found.state === 'damaged' && known?.settled !== true) throw foreignToNew('an unreadable record')
  }

  async #write(options: { readonly ifAbsent?: boolean }): Promise<boolean> {
    const { storeId, logId } = this
    return this.#storage.records.write(STORE_RECORD, encodeControl({ storeId, logId }), options)
  }

  async #read(signal?: AbortSignal): Promise<Found> {
    const bytes = await this.#storage.records.read(STORE_RECORD, signal ? { signal } : {})
    if (!bytes) return { state: 'lost' }
    const control = decodeControl(bytes)
    if (control.state !== 'read') return control
    const { storeId } = control.fields
    return typeof storeId === 'string' ? { state: 'carries', storeId } : { state: 'damaged' }
  }

  #foreign(found: string): HoldfastError {
    return mismatch(
      `the store belongs to ${found}, this data folder to ${this.storeId}; use an empty store, or the data folder that belongs to this one`,
      { found, expected: this.storeId },
    )
  }
}

/** A data folder that never had a store, or has lost its manifest: both look the same from here. */
function foreignToNew(found: string): HoldfastError {
  return mismatch(
    `the store belongs to ${found}, and this data folder holds no manifest of it; if the data folder was lost or emptied, put it back from a copy; for a new node use an empty store`,
    { found },
  )
}

function mismatch(message: string, context: Record<string, unknown>): HoldfastError {
  return new HoldfastError('HF_STORE_MISMATCH', message, { context })
}

/** What a store says that it is; undefined when it says nothing, or nothing that can be read. */
export async function readIdentity(storage: Storage): Promise<Omit<Known, 'settled'> | undefined> {
  const bytes = await storage.records.read(STORE_RECORD)
  const control = bytes && decodeControl(bytes)
  if (control?.state !== 'read') return undefined
  const { storeId, logId } = control.fields
  return typeof storeId === 'string' && typeof logId === 'string' ? { storeId, logId } : undefined
}

export function knowsStore(rows: Rows): boolean {
  return readKnown(rows) !== undefined
}

export function readKnown(rows: Rows): Known | undefined {
  return rows.get(STORE, (payload) => ({
    storeId: payload.text(),
    logId: payload.text(),
    settled: payload.u8() === 1,
  }))
}

export function rememberStore(rows: Rows, known: Known): void {
  rows.transaction(() =>
    rows.put(STORE, (payload) =>
      payload
        .text(known.storeId)
        .text(known.logId)
        .u8(known.settled ? 1 : 0),
    ),
  )
}
