import { hasCode, LOG_START } from '@holdfast/core'
import { expect, it } from 'vitest'
import { appendAll, broken, expected, failureOf, recordsOf, shown, texts, works } from './calls.ts'
import type { LogSuite } from './describe-log.ts'
import { LOG_LAWS } from './laws.ts'

export function cancelling(suite: LogSuite): void {
  it(`[M-16] ${LOG_LAWS.cancellation}`, async () => {
    const { log } = await suite.open()
    await appendAll(suite, log, texts(3))
    const [head, floor] = [await log.head(), await log.floor()]
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    const first = async (pages: AsyncIterable<unknown>) => {
      for await (const _ of pages) break
    }
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      append: () => log.append(new Uint8Array(1), { expectedHead: head, signal }),
      read: () => first(log.read(LOG_START, { signal })),
      follow: () => first(log.follow(LOG_START, { signal })),
      head: () => log.head({ signal }),
      floor: () => log.floor({ signal }),
      termAt: () => log.termAt(1, { signal }),
      truncate: () => log.truncate(head, { signal }),
    }
    for (const [name, call] of Object.entries(calls))
      expect(
        await failureOf(call()),
        broken(suite, 'cancellation', `${name} does not reject with the signal's reason`),
      ).toBe(reason)
    expect(
      [await log.head(), await log.floor()],
      broken(suite, 'cancellation', 'a cancelled call was done'),
    ).toEqual([head, floor])
  })

  it(`[M-16] ${LOG_LAWS.cancellation}; cancelled under way, an append is there or not as it says`, async () => {
    const { log } = await suite.open()
    const done: string[] = []
    const refused: string[] = []
    for (const text of texts(10)) {
      const controller = new AbortController()
      const options = { expectedHead: await log.head(), signal: controller.signal }
      const call = failureOf(log.append(Buffer.from(text), options))
      if (done.length % 2 === 0) controller.abort(new Error('enough'))
      else setImmediate(() => controller.abort(new Error('enough')))
      const error = await call
      if (error === undefined) done.push(text)
      // It may land later still, and make the next one a conflict.
      else if (!hasCode(error, 'HF_COMMIT_UNKNOWN')) refused.push(text)
    }
    const there = (await recordsOf(suite, log)).map((text) => text.slice(text.indexOf(' ') + 1))
    for (const text of done)
      expect(there, broken(suite, 'cancellation', 'one was answered and is not there')).toContain(text)
    for (const text of refused)
      expect(there, broken(suite, 'cancellation', 'one was refused and is there')).not.toContain(text)
    // Also when all ended unknown.
    expect(there.length).toBeLessThanOrEqual(10)
  })

  it(`[M-08] ${LOG_LAWS.cancellation}; a reader may stop early and read again`, async () => {
    const { log } = await suite.open()
    await appendAll(suite, log, texts(5))
    const early = async () => {
      for await (const [record] of log.read(LOG_START, { maxRecords: 1 })) return record && shown(record)
      return undefined
    }
    const first = await works(suite, 'order', 'it does not read from the beginning', early())
    expect(first, broken(suite, 'order', 'it begins elsewhere')).toBe('1: record 1')
    expect(await recordsOf(suite, log), broken(suite, 'order', 'a second read gives less')).toEqual(
      expected(texts(5)),
    )
  })
}
