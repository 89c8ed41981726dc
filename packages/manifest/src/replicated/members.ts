import {
  type Clock,
  type ConsumerRow,
  type Denial,
  floorOf,
  HoldfastError,
  type Logger,
  messageOf,
  type Position,
  type Setting,
  type Timer,
} from '@holdfast/core'
import type { Commits } from '../commit/commits.ts'
import { named, TABLE } from '../format/rows.ts'
import type { ChainedRecord } from '../log/chain.ts'
import { settings } from '../state/scans.ts'
import type { State } from '../state/state.ts'

/** Names of settings that nodes keep for themselves. */
export const RESERVED_SETTINGS = 'holdfast/'
const MEMBERS = `${RESERVED_SETTINGS}member/`
export const DIFFERING = named(TABLE.node, 'differing members')

/** Records after which a member says how far it is, and the time (ms) after which it does so if there was any. */
const EVERY_RECORDS = 1000
const EVERY_MS = 60_000
/** Digests of the last records that are kept to compare with. */
const KEPT = 4096
/** Members of a cluster, at most. */
const MOST = 1000

/** What a member says of itself. */
export interface Member {
  readonly id: string
  readonly position: Position
  /** Of its state there. */
  readonly digest: string
  /** The last record that it does not need any more. */
  readonly needs: Position
}

interface Difference {
  readonly index: number
  readonly own: string
  readonly theirs: string
}

export interface MembersParts {
  readonly state: State
  readonly nodeId: string
  readonly clock: Clock
  readonly logger: Logger
  readonly consumers: () => readonly ConsumerRow[]
  /** Records that a tap may hold back. */
  readonly ceiling: number
}

/**
 * The nodes that share a log, by what they say of themselves in its state: how far each is, and what its state was
 * there. Every node compares that with its own state at the same record. Two that differ cannot both be right, and
 * nobody can tell which is: then no node that sees it destroys anything.
 */
export class Members {
  readonly #parts: MembersParts
  readonly #digests = new Map<number, string>()
  #differing: ReadonlyMap<string, Difference> = new Map()
  /** Records since this member has spoken that were about anything else. */
  #news = 0
  readonly #stopping = new AbortController()
  #timer: Timer | undefined
  #publishing: Promise<void> = Promise.resolve()

  constructor(parts: MembersParts) {
    this.#parts = parts
    this.reload()
  }

  /** All that have ever spoken, in order of their ids. */
  all(): readonly Member[] {
    const { items } = settings(this.#parts.state, { prefix: MEMBERS, limit: MOST })
    return items.flatMap((setting) => memberOf(setting) ?? [])
  }

  /** Says how far this node is now and then, from now on. A node that does not run says nothing. */
  begin(commits: Commits): void {
    if (this.#stopping.signal.aborted) return
    this.#timer = this.#parts.clock.timer(EVERY_MS, () => {
      const { state, nodeId } = this.#parts
      const isNew = state.head.index > 0 && state.settings.setting(MEMBERS + nodeId) === undefined
      if (this.#news > 0 || isNew) void this.publish(commits)
      this.begin(commits)
    })
  }

  async end(): Promise<void> {
    this.#stopping.abort(new HoldfastError('HF_STOPPED', 'the node is stopping', { kind: 'aborted' }))
    this.#timer?.clear()
    await this.#publishing
  }

  /** Says how far this node is. What fails is tried at the next beat. */
  publish(commits: Commits): Promise<void> {
    this.#publishing = this.#publishing.then(() => this.#publish(commits))
    return this.#publishing
  }

  async #publish(commits: Commits): Promise<void> {
    const { state, nodeId, logger, consumers, ceiling } = this.#parts
    const { term, index, digest } = state.head
    const position = { term, index }
    const floor = floorOf(consumers(), position, ceiling)
    const needs = floor.kind === 'at' ? { ...floor.position } : position
    const value = { position, digest: shown(digest), needs }
    this.#news = 0
    try {
      const { signal } = this.#stopping
      await commits.commit({ ops: [{ type: 'set', name: MEMBERS + nodeId, value }] }, { signal })
    } catch (error) {
      this.#news++
      logger.debug({ cause: messageOf(error) }, 'this node could not say how far it is')
    }
  }

  /** Inside the transaction that has applied a record. */
  applied({ position, record }: ChainedRecord, commits: Commits): void {
    const { rows, head } = this.#parts.state
    let differing: Map<string, Difference> | undefined
    let isNews = false
    for (const { ops } of record.batches)
      for (const op of ops) {
        if (op.type !== 'set' || !op.name.startsWith(RESERVED_SETTINGS)) isNews = true
        if (op.type !== 'set' || !op.name.startsWith(MEMBERS)) continue
        const id = op.name.slice(MEMBERS.length)
        const member = memberOf({ name: op.name, value: op.value ?? null })
        const change = this.#compare(id, member)
        if (change === 'agrees') differing?.delete(id)
        if (change === 'agrees' && !this.#differing.has(id)) continue
        if (change === undefined) continue
        differing ??= new Map(this.#differing)
        if (change === 'agrees') differing.delete(id)
        else differing.set(id, change)
      }
    this.#digests.set(position.index, shown(head.digest))
    if (this.#digests.size > KEPT)
      for (const oldest of this.#digests.keys()) {
        this.#digests.delete(oldest)
        break
      }
    if (isNews && ++this.#news === EVERY_RECORDS) void this.publish(commits)
    if (!differing) return
    this.#differing = differing
    rows.put(DIFFERING, (payload) => payload.text(JSON.stringify([...differing])))
    for (const [member, difference] of differing)
      this.#parts.logger.error({ member, ...difference }, 'two states of one log differ')
  }

  /** Undefined: this node has nothing to compare it with. */
  #compare(id: string, member: Member | undefined): Difference | 'agrees' | undefined {
    // One that is no member any more is nobody's business.
    if (!member) return 'agrees'
    if (id === this.#parts.nodeId) return undefined
    const { index } = member.position
    const own = this.#digests.get(index)
    if (own === undefined) return undefined
    return own === member.digest ? 'agrees' : { index, own, theirs: member.digest }
  }

  denial(): Denial | undefined {
    const [first] = this.#differing
    if (!first) return undefined
    const [id, { index }] = first
    return {
      deny: `the states of this node and of ${id} differ at record ${index}: find out which is wrong (check() counts a state anew, and most members agree), and install another one's state there; it is over when they agree again`,
      reason: 'state_diverged',
    }
  }

  /** Another state has taken the place of the one that was compared. */
  forget(): void {
    this.#digests.clear()
    this.reload()
  }

  /** Reads anew, at start and after a transaction that failed. */
  reload(): void {
    const { rows, head } = this.#parts.state
    const kept = rows.get(DIFFERING, (payload) => payload.text())
    this.#differing = new Map(kept === undefined ? [] : (JSON.parse(kept) as [string, Difference][]))
    for (const index of this.#digests.keys()) if (index > head.index) this.#digests.delete(index)
    this.#digests.set(head.index, shown(head.digest))
  }
}

function shown(digest: bigint): string {
  return digest.toString(16).padStart(16, '0')
}

/** Undefined for what is no word of a member: it is nobody's floor, and nothing is compared with it. */
function memberOf({ name, value }: Pick<Setting, 'name' | 'value'>): Member | undefined {
  const { position, digest, needs } = (value ?? {}) as Partial<Record<keyof Member, unknown>>
  if (!isPosition(position) || !isPosition(needs) || typeof digest !== 'string') return undefined
  return { id: name.slice(MEMBERS.length), position, digest, needs }
}

function isPosition(value: unknown): value is Position {
  const { term, index } = (value ?? {}) as Partial<Record<keyof Position, unknown>>
  return Number.isSafeInteger(term) && Number.isSafeInteger(index)
}
