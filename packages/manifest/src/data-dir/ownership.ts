import {
  type Acknowledgement,
  type Audit,
  type Clock,
  type Denial,
  type FailpointRegistry,
  HoldfastError,
  type Ids,
  type Logger,
  type ManifestHead,
  messageOf,
  type Position,
  type StoreRecords,
  type Timer,
} from '@holdfast/core'
import { newer } from '../format/bytes.ts'
import { named, TABLE } from '../format/rows.ts'
import type { Rows } from '../state/rows.ts'
import type { Fenced } from './fence.ts'
import { knows, type Life, readLives, withLast, withLife, writeLives } from './lives.ts'
import { type FoundOwner, type OwnerRecord, readOwner, writeOwner } from './owner-record.ts'
import { LIVES } from './store-format.ts'
import type { StoreIdentity } from './store-identity.ts'

export const BEHIND = named(TABLE.node, 'behind')
/** How often the owner record in the store follows the manifest, ms. */
const EVERY_MS = 10_000
const CURE =
  "nothing is destroyed until somebody says with holdfast acknowledge --act, or service('manifest').acknowledge({ actor }), that this manifest is the one to go by"

const DAMAGED = "the store's identity record is damaged"

declare module '@holdfast/core' {
  interface AuditEvents {
    /** Somebody said that this manifest is the one to go by, against what the store said. */
    manifest_acknowledged: {
      /** Who. */
      readonly by: string
      /** What spoke against it. */
      readonly found: string
      readonly position: Position
    }
  }
}

export interface OwnershipParts {
  readonly rows: Rows
  readonly fence: Pick<Fenced, 'mustOwn'>
  readonly records: StoreRecords
  readonly identity: Pick<StoreIdentity, 'storeId' | 'logId' | 'flawed' | 'isDamaged' | 'mend'>
  readonly nodeId: string
  readonly head: () => ManifestHead
  readonly clock: Clock
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  readonly log: Logger
}

/** What the owner record means for this manifest. `ours`: all that its writer had is here. */
type Finding =
  | { readonly state: 'mine' }
  | { readonly state: 'ours' }
  | { readonly state: 'doubt'; readonly why: string }
  | { readonly state: 'behind'; readonly why: string }

/**
 * Whose store it is. A store carries a record of the manifest that owns it; a manifest destroys only while that record
 * is its own, and takes it over only from an earlier life of itself. So one that was put back from a copy, or runs
 * beside its own copy, is noticed: it would take everything that it has not seen for rubbish.
 */
export class Ownership {
  readonly #parts: OwnershipParts
  #lives: readonly Life[]
  #behind: string | undefined
  /** The furthest position that this life may have told the store. */
  #told = -1
  /** The position that it has told, as far as is known. */
  #written = -1
  #turn: Promise<unknown> = Promise.resolve()
  #timer: Timer | undefined
  #ended = false

  constructor(parts: OwnershipParts) {
    this.#parts = parts
    this.#lives = parts.rows.get(LIVES, readLives) ?? []
    this.#behind = parts.rows.get(BEHIND, (payload) => payload.text())
  }

  /** Why this manifest is not the one to go by, until somebody says that it is. */
  get behind(): string | undefined {
    return this.#behind
  }

  /**
   * Looks whose store it is, says so in it, and from now on follows the manifest. False when the store is not known to
   * be this manifest's.
   * @throws HF_FORMAT_NEWER
   */
  async begin(): Promise<boolean> {
    const { records, identity } = this.#parts
    if (!identity.flawed) {
      const found = await readOwner(records)
      if (found.state === 'newer') throw newer("the store's owner record", found.format)
    }
    const isOurs = await this.#keep()
    this.#follow()
    return isOurs
  }

  /** The record only helps to notice a manifest that went back: a store that is away must not keep a node from stopping. */
  async end(): Promise<void> {
    this.#ended = true
    this.#timer?.clear()
    await this.#keep().catch((error: unknown) => this.#failed(error))
  }

  /** The gate's condition, asked when the store's identity is known to be right. */
  async check(signal?: AbortSignal): Promise<Denial | undefined> {
    try {
      const look = this.#inTurn(async () => {
        const found = await this.#look(signal)
        if (found.state === 'ours') await this.#write()
        return found
      })
      const finding = await orAborted(look, signal)
      if (finding.state === 'mine' || finding.state === 'ours') return undefined
      return { deny: finding.why, reason: finding.state === 'behind' ? 'manifest_behind' : 'store_mismatch' }
    } catch (error) {
      const deny = `who owns the store cannot be told: ${messageOf(error)}`
      return { deny, reason: 'store_mismatch', retryAfter: 5000 }
    }
  }

  /** What somebody would have to acknowledge. @throws HF_STORE_MISMATCH, HF_FORMAT_NEWER */
  objection(signal?: AbortSignal): Promise<string | undefined> {
    return orAborted(
      this.#inTurn(async () => (await this.#against(signal)).why),
      signal,
    )
  }

  /**
   * False when there was nothing to acknowledge.
   * @throws HF_INPUT_CHANGED, HF_STORE_MISMATCH, HF_FORMAT_NEWER, HF_DATADIR_TAKEN
   */
  acknowledge({ actor, objection }: Acknowledgement, audit: Pick<Audit, 'emit'>): Promise<boolean> {
    return this.#inTurn(async () => {
      const { rows, identity, ids, head, failpoints } = this.#parts
      const { why, isDamaged, isOurs } = await this.#against()
      if (why === undefined) return false
      if (objection !== undefined && objection !== why) throw anotherObjection(why)
      const { position } = head()
      if (isDamaged) await identity.mend()
      if (isOurs) {
        audit.emit('manifest_acknowledged', { by: actor, found: why, position })
        return true
      }
      if (failpoints.armed) await failpoints.hit('acknowledge.before')
      // A new life: no copy of this manifest can take its record for one of its own.
      const lives = withLife(this.#lives, ids.next(), position.index, actor)
      rows.transaction(() => {
        rows.put(LIVES, (payload) => writeLives(payload, lives))
        rows.remove(BEHIND)
      })
      this.#lives = lives
      this.#behind = undefined
      this.#told = -1
      this.#written = -1
      audit.emit('manifest_acknowledged', { by: actor, found: why, position })
      if (failpoints.armed) await failpoints.hit('acknowledge.after')
      await this.#write()
      return true
    })
  }

  #follow(): void {
    if (this.#ended) return
    this.#timer = this.#parts.clock.timer(EVERY_MS, () => {
      this.#keep()
        .catch((error: unknown) => this.#failed(error))
        .finally(() => this.#follow())
    })
  }

  #failed(error: unknown): void {
    this.#parts.log.warn({ cause: messageOf(error) }, 'the owner record could not be written')
  }

  /** Writes the record if the manifest has moved on and the store is still its own. */
  #keep(): Promise<boolean> {
    return this.#inTurn(async () => {
      const { identity, head } = this.#parts
      // A store that has lost its identity is not this manifest's any more, as far as can be seen.
      if (identity.flawed) return false
      if (this.#written === head().position.index) return true
      const { state } = await this.#look()
      if (state !== 'mine' && state !== 'ours') return false
      await this.#write()
      return true
    })
  }

  /** What both records of the store say against this manifest, and which of them. */
  async #against(signal?: AbortSignal): Promise<{
    readonly why: string | undefined
    readonly isDamaged: boolean
    readonly isOurs: boolean
  }> {
    const { identity, records } = this.#parts
    const isDamaged = await identity.isDamaged(signal)
    const found = await readOwner(records, signal)
    if (found.state === 'newer') throw newer("the store's owner record", found.format)
    const finding = this.#noted(found)
    const isOurs = finding.state === 'mine' || finding.state === 'ours'
    const all = [...(isDamaged ? [DAMAGED] : []), ...('why' in finding ? [finding.why] : [])]
    return { why: all.length > 0 ? all.join('; ') : undefined, isDamaged, isOurs }
  }

  async #look(signal?: AbortSignal): Promise<Finding> {
    return this.#noted(await readOwner(this.#parts.records, signal))
  }

  #noted(found: FoundOwner): Finding {
    const finding = this.#judge(found)
    if (finding.state === 'behind') this.#fallBehind(finding.why)
    return finding
  }

  /** One that is behind stays so, whatever becomes of the record; the one that it is behind may change. */
  #judge(found: FoundOwner): Finding {
    const finding = this.#compared(found)
    if (this.#behind === undefined || finding.state === 'behind') return finding
    return { state: 'behind', why: this.#behind }
  }

  #compared(found: FoundOwner): Finding {
    const { storeId, logId } = this.#parts.identity
    if (found.state === 'newer')
      return {
        state: 'doubt',
        why: `the store's owner record has format ${found.format}; start a later version`,
      }
    if (found.state === 'damaged')
      return { state: 'doubt', why: `the store's owner record is damaged; ${CURE}` }
    if (found.state === 'absent')
      return this.#lives.some(({ state }) => state === 'recorded')
        ? { state: 'doubt', why: `the store has lost its owner record; ${CURE}` }
        : { state: 'ours' }
    const { record } = found
    const claim = { life: record.incarnation, index: record.position.index }
    if (record.storeId === storeId && record.logId === logId) {
      const current = this.#lives.at(-1)
      if (current?.id === claim.life && claim.index <= this.#told) return { state: 'mine' }
      if (knows(this.#lives, claim)) return { state: 'ours' }
    }
    return { state: 'behind', why: this.#notSeen(record) }
  }

  #notSeen({ nodeId, incarnation, position, storeId }: OwnerRecord): string {
    return (
      `the store ${storeId} was last owned by ${nodeId}, life ${incarnation}, at record ${position.index}, which this manifest ` +
      `has not seen: it was put back from a copy, or a copy of it runs elsewhere; ${CURE}`
    )
  }

  /** Kept: commits of this manifest would hide how far behind it was. */
  #fallBehind(why: string): void {
    const { rows, log } = this.#parts
    if (this.#behind === why) return
    const isNews = this.#behind === undefined
    this.#behind = why
    if (isNews) log.warn({ cause: why }, 'the manifest is behind its store')
    rows.transaction(() => rows.put(BEHIND, (payload) => payload.text(why)))
  }

  async #write(): Promise<void> {
    const { records, identity, nodeId, head, fence, failpoints } = this.#parts
    const life = this.#lives.at(-1)
    if (!life) return
    if (life.state === 'open') this.#move('claimed')
    const { position, time } = head()
    const { storeId, logId } = identity
    if (failpoints.armed) await failpoints.hit('owner.record.before')
    // From when another process has taken this data folder over, the record is that process's to write.
    fence.mustOwn()
    this.#told = Math.max(this.#told, position.index)
    await writeOwner(records, { storeId, logId, nodeId, incarnation: life.id, position, time })
    if (failpoints.armed) await failpoints.hit('owner.record.after')
    this.#written = position.index
    if (life.state !== 'recorded') this.#move('recorded')
  }

  #move(state: Life['state']): void {
    const { rows } = this.#parts
    const lives = withLast(this.#lives, state)
    rows.transaction(() => rows.put(LIVES, (payload) => writeLives(payload, lives)))
    this.#lives = lives
  }

  /** Looking and writing belong together. */
  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(step)
    this.#turn = result.catch(() => undefined)
    return result
  }
}

function anotherObjection(why: string): HoldfastError {
  return new HoldfastError(
    'HF_INPUT_CHANGED',
    `nothing was acknowledged, for something else speaks against this manifest than was shown; look at it, and say it again: ${why}`,
    { context: { objection: why } },
  )
}

/** The store may be slow to answer somebody else; whoever asks need not wait for that. */
async function orAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return answer
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([answer, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
