import type { ConsumerRow, Gate } from '@holdfast/core'
import { type Denial, HoldfastError, hasCode, type Log, type Logger, messageOf, sleep } from '@holdfast/core'
import type { Commits } from '../commit/commits.ts'
import type { Committer, CommitterParts } from '../commit/committer.ts'
import type { RecordSource } from '../consumers/batches.ts'
import type { Seal } from '../format/seal.ts'
import { applyRecord } from './apply.ts'
import { ReplicatedCommitter } from './committer.ts'
import { Follower } from './follower.ts'
import { cureOf } from './log-errors.ts'
import { logIdOf } from './log-id.ts'
import { LogSource } from './log-source.ts'
import { Members } from './members.ts'
import { StateRoles } from './roles.ts'
import { SharedTruncation } from './truncation.ts'

/** How long an outcome is looked for, ms. */
const OUTCOME_MS = 30_000

export interface SharedParts extends Omit<CommitterParts, 'log'> {
  readonly shared: Log
  readonly own: Committer
  readonly seal: Seal
  readonly logger: Logger
  readonly gate: Gate
  /** Records that the log keeps, whoever needs them. */
  readonly keep: number
  /** Records that a tap may hold back. */
  readonly ceiling: number
  readonly consumers: () => readonly ConsumerRow[]
}

/** What a manifest has instead of a log of its own when it shares one with other nodes. */
export class Shared {
  readonly log: Log
  readonly committer: Commits
  readonly roles: StateRoles
  readonly follower: Follower
  readonly members: Members
  readonly source: RecordSource
  readonly truncation: SharedTruncation
  /** Index of the last record that is not in the log any more, as far as this node knows. */
  floor = 0
  readonly #parts: SharedParts
  readonly #closing = new AbortController()
  #background: Promise<void> = Promise.resolve()
  #installing: Promise<void> = Promise.resolve()
  /** What waits for the log; undefined when it is done. */
  #work: (() => Promise<void>) | undefined

  /** @throws HF_LOG_DIVERGED when the state was made of another log */
  constructor(parts: SharedParts) {
    const { shared: log, own, state, local, clock, room, ids, nodeId, seal, logger } = parts
    this.#parts = parts
    this.log = log
    this.follower = new Follower(
      {
        log,
        head: () => state.head,
        seal,
        apply: (record) =>
          own.local(() => {
            applyRecord(state, record, local)
            this.members.applied(record, this.committer)
          }),
        clock,
        logger,
      },
      logIdOf(log, state),
    )
    this.roles = new StateRoles(state, nodeId)
    this.committer = new ReplicatedCommitter({
      log,
      follower: this.follower,
      own,
      state,
      clock,
      room,
      ids,
      nodeId,
      limit: OUTCOME_MS,
    })
    const { keep, ceiling, consumers, gate } = parts
    this.members = new Members({ state, nodeId, clock, logger, consumers, ceiling })
    this.source = new LogSource(log, () => state.head)
    this.truncation = new SharedTruncation({
      log,
      commits: this.committer,
      state,
      members: this.members,
      nodeId,
      gate,
      clock,
      logger,
      keep,
      onFloor: async ({ index }) => {
        this.floor = Math.max(this.floor, index)
      },
    })
  }

  /** Follows the log from now on, and does `work` as soon as this node is as new as the log. */
  begin(work: () => Promise<void>): void {
    this.follower.begin()
    this.#work = async () => {
      await work()
      this.members.begin(this.committer)
    }
    this.#background = this.#once()
  }

  /** Puts another state in the place of this one: nothing is applied while `exchange` runs. One at a time. */
  install(exchange: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const turn = this.#installing.then(async () => {
      await this.follower.halt()
      const { logId } = this.follower
      try {
        await exchange(this.#closing.signal)
        this.follower.resume(this.log.id)
      } catch (error) {
        this.follower.resume(logId)
        throw error
      }
      this.#background = this.#background.then(() => this.#once())
    })
    this.#installing = turn.catch(() => undefined)
    return turn
  }

  async end(): Promise<void> {
    this.#closing.abort(new HoldfastError('HF_STOPPED', 'the manifest is closed: the node was stopped'))
    await this.#installing
    await this.members.end()
  }

  async close(): Promise<void> {
    await Promise.all([this.follower.end(), this.committer.close()])
    // What it waited for is answered now.
    await this.#background
  }

  /** Why this node may destroy nothing, and what to do about it. */
  denial(): Denial | undefined {
    const { stopped, away } = this.follower
    if (stopped) return { deny: `${stopped.message}; ${cureOf(stopped)}`, reason: reasonOf(stopped) }
    if (away !== undefined)
      return {
        deny: `the log cannot be heard: ${messageOf(away)}`,
        reason: 'manifest_behind',
        retryAfter: 1000,
      }
    return this.members.denial()
  }

  /** A log that is away keeps nobody from starting: what needs it is done when it is back. */
  async #once(): Promise<void> {
    const { signal } = this.#closing
    const { clock, logger } = this.#parts
    for (let wait = 100; this.#work && !signal.aborted; wait = Math.min(wait * 2, 10_000))
      try {
        await this.committer.barrier({ signal })
        await this.#work()
        this.#work = undefined
      } catch (error) {
        if (signal.aborted || this.follower.stopped) return
        logger.debug({ cause: messageOf(error), wait }, 'unfinished writes wait for the log')
        await sleep(clock, wait, signal).catch(() => undefined)
      }
  }
}

function reasonOf(error: HoldfastError): NonNullable<Denial['reason']> {
  if (hasCode(error, 'HF_LOG_DIVERGED')) return 'state_diverged'
  if (hasCode(error, 'HF_LOG_GAP') || hasCode(error, 'HF_LOG_VERSION')) return 'manifest_behind'
  return 'corrupt'
}
