import { LOG_START, type Position } from '@holdfast/core'
import { expect, it } from 'vitest'
import {
  appendAll,
  broken,
  expectCode,
  expected,
  pagesOf,
  recordsOf,
  texts,
  truncate,
  works,
} from './calls.ts'
import type { LogSuite } from './describe-log.ts'
import { LOG_LAWS } from './laws.ts'

const bytes = (text: string) => Buffer.from(text)

export function appending(suite: LogSuite): void {
  it(`[M-20] ${LOG_LAWS.dense}`, async () => {
    const { log, changeLeader } = await suite.open()
    const first = await appendAll(suite, log, texts(3))
    await changeLeader?.()
    const positions = [...first, ...(await appendAll(suite, log, texts(3, 4)))]
    expect(
      positions.map(({ index }) => index),
      broken(suite, 'dense', 'indexes have holes'),
    ).toEqual([1, 2, 3, 4, 5, 6])
    const terms = positions.map(({ term }) => term)
    expect(terms, broken(suite, 'dense', 'a term went back')).toEqual([...terms].sort((a, b) => a - b))
    expect(terms[0], broken(suite, 'dense', 'a record has the term of no record')).toBeGreaterThan(0)
    if (changeLeader)
      expect(terms[3], broken(suite, 'dense', 'another leader has the same term')).toBeGreaterThan(
        terms[2] as number,
      )
    expect(await log.head(), broken(suite, 'dense', 'the head is not the last record')).toEqual(
      positions.at(-1),
    )
  })

  it(`[M-16] ${LOG_LAWS.compare}`, async () => {
    const { log } = await suite.open()
    const [one, two] = (await appendAll(suite, log, texts(2))) as [Position, Position]
    const wrong: readonly (readonly [string, Position])[] = [
      ['the beginning', LOG_START],
      ['an older record', one],
      ['a record that is not there', { ...two, index: 3 }],
      ['the head in another term', { ...two, term: two.term + 1 }],
    ]
    for (const [what, expectedHead] of wrong) {
      const call = log.append(bytes('no'), { expectedHead })
      const how = `it appends on ${what}`
      const context = await expectCode(suite, 'compare', 'HF_LOG_CONFLICT', how, call)
      expect(context.head, broken(suite, 'compare', 'the conflict does not name the head')).toEqual(two)
    }
    expect(await recordsOf(suite, log), broken(suite, 'compare', 'a refused append is there')).toEqual(
      expected(texts(2)),
    )
    // The same bytes again are another record: who repeats what is not the log's business.
    const again = log.append(bytes('record 2'), { expectedHead: two })
    await works(suite, 'compare', 'it refuses bytes that it has already', again)
    await truncate(suite, log, await log.head())
    const [next] = await appendAll(suite, log, ['on the floor'])
    expect(next?.index, broken(suite, 'compare', 'it does not go on from the floor')).toBe(4)
  })

  it(`[M-16] ${LOG_LAWS.race}`, async () => {
    const subject = await suite.open()
    for (let round = 1; round <= 5; round++) {
      const expectedHead = await subject.log.head()
      const clients = await Promise.all(
        Array.from({ length: suite.racers }, async () => (await subject.connect?.()) ?? subject.log),
      )
      const results = await Promise.allSettled(
        clients.map((client, racer) => client.append(bytes(`racer ${racer}`), { expectedHead })),
      )
      const winners = results.flatMap(({ status }, racer) => (status === 'fulfilled' ? [racer] : []))
      expect(winners, broken(suite, 'race', `${winners.length} of ${suite.racers} have won`)).toHaveLength(1)
      expect(
        await recordsOf(suite, subject.log, expectedHead),
        broken(suite, 'race', "another record than the winner's is there"),
      ).toEqual([`${round}: racer ${winners[0]}`])
    }
  })

  it(`[M-04] ${LOG_LAWS.durable}`, async () => {
    const subject = await suite.open()
    const { log } = subject
    const other = await subject.connect?.()
    for (const [at, text] of texts(5).entries()) {
      const position = await log.append(bytes(text), { expectedHead: await log.head() })
      for (const client of other ? [log, other] : [log]) {
        const seen = [await client.head(), (await recordsOf(suite, client)).at(-1)]
        const how = `it has answered and shows ${JSON.stringify(seen)}`
        expect(seen, broken(suite, 'durable', how)).toEqual([position, `${at + 1}: ${text}`])
      }
    }
    const again = (await subject.reopen?.()) ?? log
    expect(
      await recordsOf(suite, again),
      broken(suite, 'durable', 'records are gone after a restart'),
    ).toEqual(expected(texts(5)))
  })

  it(`[M-04] ${LOG_LAWS.bytes}`, async () => {
    const { log } = await suite.open()
    const all = Uint8Array.from({ length: 256 }, (_, at) => at)
    const given = all.slice()
    await works(suite, 'bytes', 'it refuses a record', log.append(given, { expectedHead: LOG_START }))
    given.fill(0)
    await appendAll(suite, log, [''])
    for (const time of ['first', 'second']) {
      const [record, empty] = (await pagesOf(suite, log, LOG_START)).flat()
      const how = `the ${time} read gives other bytes`
      expect([...(record?.bytes ?? [])], broken(suite, 'bytes', how)).toEqual([...all])
      expect(empty?.bytes, broken(suite, 'bytes', 'an empty record is not empty')).toHaveLength(0)
      // What a reader does to its own copy is nobody else's.
      record?.bytes.fill(7)
    }
  })

  it(`[M-16] ${LOG_LAWS.size}`, async () => {
    const { log } = await suite.open()
    const { maxRecordBytes } = log.capabilities
    const most = new Uint8Array(maxRecordBytes).fill(1)
    const more = log.append(new Uint8Array(maxRecordBytes + 1), { expectedHead: LOG_START })
    const how = 'it takes more than it declares'
    await expectCode(suite, 'size', 'HF_LOG_RECORD_TOO_LARGE', how, more)
    expect(await log.head(), broken(suite, 'size', 'what was refused is there')).toEqual(LOG_START)
    const taken = log.append(most, { expectedHead: LOG_START })
    await works(suite, 'size', 'it takes less than it declares', taken)
    const [record] = (await pagesOf(suite, log, LOG_START)).flat()
    expect(
      Buffer.compare(record?.bytes ?? new Uint8Array(), most),
      broken(suite, 'size', 'the largest record comes back otherwise'),
    ).toBe(0)
  })
}
