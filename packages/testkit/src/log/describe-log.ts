import type { Log } from '@holdfast/core'
import { afterEach, describe } from 'vitest'
import { appending } from './appending.ts'
import { cancelling } from './cancelling.ts'
import { following } from './following.ts'
import { identity } from './identity.ts'
import { reading } from './reading.ts'
import { truncating } from './truncating.ts'

/** One instance of the log under test, with nothing in it. */
export interface LogUnderTest {
  readonly log: Log
  /** Another client of the same log, as another node has it. A log that is not transactional must give one. */
  connect?(): Promise<Log>
  /** Opens the same log again, as the next process would. Absent: the log has nothing to open. */
  reopen?(): Promise<Log>
  /** Gives the log another leader. Absent: the log never has another. */
  changeLeader?(): Promise<void>
  /** Ends the instance and removes its data. */
  dispose(): Promise<void>
}

export type LogFactory = () => Promise<LogUnderTest>

export interface DescribeLogOptions {
  /** Nodes that race for one head. Default 8. */
  readonly racers?: number
  /** How long a record may take to a follower, ms. Default 5000. */
  readonly patience?: number
  /** Time limit of one case, ms. Default: the runner's own. */
  readonly timeout?: number
}

export interface LogSuite {
  readonly name: string
  /** A fresh instance that ends with the test. */
  readonly open: LogFactory
  readonly racers: number
  readonly patience: number
}

/**
 * The laws of `Log` as cases of vitest, for any log. Each failure names the law that is broken.
 *
 * ```ts
 * describeLog('mine', async () => {
 *   const server = await startMine()
 *   return { log: await server.connect(), connect: () => server.connect(), dispose: () => server.end() }
 * })
 * ```
 */
export function describeLog(name: string, factory: LogFactory, options: DescribeLogOptions = {}): void {
  const { racers = 8, patience = 5000, timeout } = options
  describe(`log ${name}`, timeout === undefined ? {} : { timeout }, () => {
    const opened: LogUnderTest[] = []
    afterEach(async () => {
      for (let subject = opened.pop(); subject; subject = opened.pop()) await subject.dispose()
    })
    const open = async () => {
      const subject = await factory()
      opened.push(subject)
      return subject
    }
    const suite: LogSuite = { name, open, racers, patience }
    describe('identity', () => identity(suite))
    describe('appending', () => appending(suite))
    describe('reading', () => reading(suite))
    describe('following', () => following(suite))
    describe('truncating', () => truncating(suite))
    describe('cancelling', () => cancelling(suite))
  })
}
