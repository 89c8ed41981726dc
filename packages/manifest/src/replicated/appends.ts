import { type Clock, hasCode, type Log, logDiverged, type Position, sleep } from '@holdfast/core'
import type { WaitingBatch } from '../commit/group.ts'
import { ByteWriter } from '../format/bytes.ts'
import { writeRecordHead } from '../format/record.ts'
import type { State } from '../state/state.ts'
import { withLimit } from '../with-limit.ts'
import type { Follower } from './follower.ts'
import { commitUnknown, logTooSlow } from './log-errors.ts'

/** Wait before the next try of an append whose outcome is not known, ms: doubles with each. */
const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 2000

export interface AppendParts {
  readonly log: Log
  readonly follower: Follower
  readonly state: State
  readonly clock: Clock
  readonly nodeId: string
  /** How long an outcome is looked for before it is called unknown, ms. */
  readonly limit: number
}

/** Appends to a shared log, each for the head that this node has applied, and waits until what is in it is applied here. */
export class Appends {
  readonly #parts: AppendParts
  readonly #scratch = new ByteWriter()

  constructor(parts: AppendParts) {
    this.#parts = parts
  }

  /** Waits until the log's head of this moment is applied. @throws HF_LOG_DIVERGED when it is older than the state */
  async catchUp(signal: AbortSignal): Promise<void> {
    const { log, follower, state, clock, limit } = this.#parts
    await withLimit({ clock, limit, signal, late: () => logTooSlow(limit) }, async (within) => {
      const { term, index } = state.head
      const head = await log.head({ signal: within })
      if (isOlder(head, { term, index })) {
        follower.recheck()
        throw logDiverged({ term, index }, { head })
      }
      await this.#applied(head.index, within)
    })
  }

  /** One that has heard nothing of it when its time is over follows a connection that is dead. */
  async #applied(index: number, within: AbortSignal): Promise<void> {
    const { follower, state } = this.#parts
    const before = state.head.index
    const onOver = () => {
      if (hasCode(within.reason, 'HF_LOG_UNAVAILABLE') && state.head.index === before) follower.recheck()
    }
    within.addEventListener('abort', onOver, { once: true })
    try {
      await follower.applied(index, within)
    } finally {
      within.removeEventListener('abort', onOver)
    }
  }

  /** Makes sure that no append that is still on its way can be done: the place that it was made for is taken. */
  async closePlace(id: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    for (let tries = 0; ; tries++) {
      try {
        await this.append([], signal)
        return
      } catch (error) {
        await this.catchUp(signal)
        // Whoever took the place, it is taken.
        if (hasCode(error, 'HF_LOG_CONFLICT')) return
        if (tries === 3) throw commitUnknown(id, error)
        await sleep(clock, waitAfter(tries), signal)
      }
    }
  }

  /** Appends a record for the head that is applied here, and waits until it is applied as well. */
  async append(batches: readonly WaitingBatch[], signal: AbortSignal): Promise<void> {
    const { log, follower, state, clock, nodeId, limit } = this.#parts
    const { head } = state
    const expectedHead: Position = { term: head.term, index: head.index }
    const record = this.#scratch.reset()
    const time = Math.max(clock.now(), head.time)
    writeRecordHead(record, { previous: head.record, time, origin: nodeId }, batches.length)
    for (const { bytes } of batches) record.raw(bytes)
    const bytes = record.copy()
    let refused: unknown
    await withLimit({ clock, limit, signal, late: () => logTooSlow(limit) }, async (within) => {
      const { index } = await log.append(bytes, { expectedHead, signal: within }).catch((error: unknown) => {
        if (NOT_DONE.some((code) => hasCode(error, code))) refused = error
        throw error
      })
      await this.#applied(index, within)
    }).catch((error: unknown) => {
      if (refused === undefined) throw commitUnknown('of this record', error)
      if (hasCode(refused, 'HF_LOG_CONFLICT') && isOlder(refused.context.head, expectedHead))
        follower.recheck()
      throw refused
    })
  }
}

/** Failures of an append after which nothing of it is in the log; every other leaves that open. */
const NOT_DONE = ['HF_LOG_CONFLICT', 'HF_LOG_UNAVAILABLE', 'HF_LOG_RECORD_TOO_LARGE'] as const

/** A head that a node is past already, or that has another term: not the log that it was. */
function isOlder(found: unknown, { term, index }: Position): boolean {
  const head = found as Position | undefined
  return head !== undefined && (head.index < index || (head.index === index && head.term !== term))
}

/** How long to wait after so many tries, ms. */
export function waitAfter(tries: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries)
}
