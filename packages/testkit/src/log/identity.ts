import { LOG_START } from '@holdfast/core'
import { expect, it } from 'vitest'
import { appendAll, broken, expected, recordsOf, texts, truncate } from './calls.ts'
import type { LogSuite } from './describe-log.ts'
import { LOG_LAWS } from './laws.ts'

export function identity(suite: LogSuite): void {
  it(`[M-20] ${LOG_LAWS.isolation}`, async () => {
    const [one, other] = [await suite.open(), await suite.open()]
    await appendAll(suite, one.log, texts(2))
    const seen = await recordsOf(suite, other.log)
    expect(seen, broken(suite, 'isolation', 'a new log shows what was appended to another')).toEqual([])
  })

  it(`[M-20] ${LOG_LAWS.identity}`, async () => {
    const [one, other] = [await suite.open(), await suite.open()]
    const { id } = one.log
    expect(id, broken(suite, 'identity', 'its id is no text')).toMatch(/./)
    expect(other.log.id, broken(suite, 'identity', 'two logs have the same id')).not.toBe(id)
    await appendAll(suite, one.log, texts(2))
    await truncate(suite, one.log, await one.log.head())
    const again = (await one.reopen?.()) ?? one.log
    expect(again.id, broken(suite, 'identity', 'its id has changed')).toBe(id)
  })

  it(`[M-08] ${LOG_LAWS.empty}`, async () => {
    const { log } = await suite.open()
    const said = {
      head: await log.head(),
      floor: await log.floor(),
      term: await log.termAt(0),
      records: await recordsOf(suite, log),
    }
    expect(said, broken(suite, 'empty', 'it has something in it, or says so')).toEqual({
      head: LOG_START,
      floor: LOG_START,
      term: 0,
      records: [],
    })
  })

  it(`[M-20] ${LOG_LAWS.sharing}`, async () => {
    const subject = await suite.open()
    if (subject.log.capabilities.transactional) {
      // It has one node: a second client would be another process in the first one's data folder.
      expect(subject.connect, broken(suite, 'sharing', 'it is transactional and shared')).toBeUndefined()
      return
    }
    const other = await subject.connect?.()
    expect(other, broken(suite, 'sharing', 'there is no `connect`')).toBeDefined()
    if (!other) return
    await appendAll(suite, subject.log, texts(2))
    await appendAll(suite, other, texts(2, 3))
    const seen = [await recordsOf(suite, subject.log), await recordsOf(suite, other)]
    const all = expected(texts(4))
    expect(seen, broken(suite, 'sharing', 'two clients see two logs')).toEqual([all, all])
    expect(other.id, broken(suite, 'sharing', 'two clients see two ids')).toBe(subject.log.id)
  })
}
