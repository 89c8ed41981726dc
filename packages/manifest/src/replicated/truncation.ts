import {
  type Clock,
  type FloorProvider,
  type Gate,
  HoldfastError,
  isHoldfastError,
  type Log,
  type Logger,
  lowestFloor,
  messageOf,
  type Position,
  type Timer,
  type TruncationFloor,
} from '@holdfast/core'
import type { Commits } from '../commit/commits.ts'
import type { State } from '../state/state.ts'
import { type Members, RESERVED_SETTINGS } from './members.ts'

const FLOOR = `${RESERVED_SETTINGS}floor`
/** How often the log is looked at, ms. */
const LOOK_EVERY_MS = 10_000
/** Records that make a truncation worth its own record. */
const WORTH = 100
/** Records that are kept for members that are a little behind what they last said. */
const MARGIN = 100

export interface SharedTruncationParts {
  readonly log: Log
  readonly commits: Commits
  readonly state: State
  readonly members: Pick<Members, 'all'>
  readonly nodeId: string
  readonly gate: Gate
  readonly clock: Clock
  readonly logger: Logger
  /** Records that are kept whoever needs them. */
  readonly keep: number
  /** Whose needs are asked beside those of the members. */
  readonly floors?: readonly FloorProvider[]
  readonly worth?: number
  readonly margin?: number
  /** Runs after a look at the log, with its floor. */
  readonly onFloor: (floor: Position) => Promise<void>
}

/**
 * Truncates a log that nodes share. The primary does it, under its epoch: the new floor is committed first, so that a
 * node that has lost the role without knowing truncates nothing. As long as there are no snapshots, no record goes that
 * a known member has not applied, or a tap of one still needs.
 */
export class SharedTruncation {
  readonly #parts: SharedTruncationParts
  readonly #stopping = new AbortController()
  #timer: Timer | undefined
  #turn: Promise<void> = Promise.resolve()
  #blocked: string | undefined

  constructor(parts: SharedTruncationParts) {
    this.#parts = parts
  }

  begin(): void {
    if (this.#stopping.signal.aborted) return
    this.#timer = this.#parts.clock.timer(LOOK_EVERY_MS, () => void this.run().then(() => this.begin()))
  }

  /** Removes what nobody needs now, if this node may. A failure is logged: the next pass tries again. */
  run(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#pass())
    return this.#turn
  }

  async end(): Promise<void> {
    this.#stopping.abort(new HoldfastError('HF_STOPPED', 'the node is stopping', { kind: 'aborted' }))
    this.#timer?.clear()
    await this.#turn
  }

  async #pass(): Promise<void> {
    const { signal } = this.#stopping
    const { log, logger, onFloor } = this.#parts
    try {
      const floor = await log.floor({ signal })
      await onFloor(floor)
      const upTo = await this.#upTo(floor)
      if (!upTo || !(await this.#allowed(upTo))) return
      await log.truncate(upTo, { signal })
      await onFloor(upTo)
    } catch (error) {
      if (signal.aborted) return
      const code = isHoldfastError(error) ? error.code : undefined
      logger.warn({ code, cause: messageOf(error) }, 'the log could not be truncated')
    }
  }

  /** Asks the gate, and commits the floor under its epoch: what a later holder has begun refuses that. */
  async #allowed(upTo: Position): Promise<boolean> {
    const { gate, commits } = this.#parts
    const verdict = await gate.check(
      { action: 'truncate', actor: 'node', job: 'truncation' },
      { signal: this.#stopping.signal },
    )
    if (!verdict.allowed) return false
    const fence = { role: verdict.role, epoch: verdict.epoch }
    const value = { term: upTo.term, index: upTo.index }
    const { status } = await commits.commit(
      { ops: [{ type: 'set', name: FLOOR, value }], fence },
      { signal: this.#stopping.signal },
    )
    return status === 'committed'
  }

  /** Undefined when nothing may go, or too little. */
  async #upTo(floor: Position): Promise<Position | undefined> {
    const { signal } = this.#stopping
    const { log, state, keep, floors = [], logger, worth = WORTH } = this.#parts
    const needed = await lowestFloor([{ name: 'members', floor: () => this.#membersNeed() }, ...floors], {
      signal,
    })
    const why = needed.kind === 'unknown' ? needed.reason : undefined
    if (why !== undefined && why !== this.#blocked)
      logger.warn({ reason: why }, 'the log is not truncated: it is not known what is needed of it')
    this.#blocked = why
    if (needed.kind === 'unknown') return undefined
    const most = needed.kind === 'at' ? needed.position.index : Number.POSITIVE_INFINITY
    const index = Math.min(state.head.index - keep, most)
    if (index - floor.index < worth) return undefined
    const term = await log.termAt(index, { signal })
    return term === undefined ? undefined : { term, index }
  }

  /** What all known members have applied, and their taps have passed. Nobody known: it cannot be told. */
  #membersNeed(): TruncationFloor {
    const { members, nodeId, margin = MARGIN } = this.#parts
    const all = members.all()
    if (!all.some(({ id }) => id === nodeId))
      return { kind: 'unknown', reason: 'this node has not spoken yet' }
    let lowest: Position | undefined
    for (const { position, needs } of all) {
      const own = needs.index < position.index ? needs : position
      if (!lowest || own.index < lowest.index) lowest = own
    }
    if (!lowest) return { kind: 'unknown', reason: 'no member is known' }
    return { kind: 'at', position: { ...lowest, index: Math.max(0, lowest.index - margin) } }
  }
}
