import { LOG_START, type Position } from '@holdfast/core'
import { expect, it } from 'vitest'
import {
  appendAll,
  broken,
  expectCode,
  expected,
  pagesOf,
  recordsOf,
  shown,
  texts,
  truncate,
} from './calls.ts'
import type { LogSuite } from './describe-log.ts'
import { LOG_LAWS } from './laws.ts'

export function reading(suite: LogSuite): void {
  it(`[M-08] ${LOG_LAWS.order}`, async () => {
    const { log, changeLeader } = await suite.open()
    const all = texts(25)
    const positions = [LOG_START, ...(await appendAll(suite, log, all.slice(0, 12)))]
    await changeLeader?.()
    positions.push(...(await appendAll(suite, log, all.slice(12))))
    for (const [at, after] of positions.entries()) {
      const seen = await recordsOf(suite, log, after)
      expect(seen, broken(suite, 'order', `behind ${at} of 25 records something is missing`)).toEqual(
        expected(all.slice(at), at + 1),
      )
    }
    const found = (await pagesOf(suite, log, LOG_START)).flat().map(({ position }) => position)
    expect(found, broken(suite, 'order', 'records have other positions than append gave')).toEqual(
      positions.slice(1),
    )
  })

  it(`[M-08] ${LOG_LAWS.pages}`, async () => {
    const { log } = await suite.open()
    const sizes = [10, 10, 10, 500, 10, 600, 700, 10]
    const all = sizes.map((size, at) => String(at).repeat(size))
    await appendAll(suite, log, all)
    for (const maxRecords of [1, 3, 8, 100]) {
      const pages = await pagesOf(suite, log, LOG_START, { maxRecords })
      const lengths = pages.map((page) => page.length)
      const how = `with maxRecords ${maxRecords} its pages have ${lengths} records`
      expect(Math.max(...lengths), broken(suite, 'pages', how)).toBeLessThanOrEqual(maxRecords)
      expect(Math.min(...lengths), broken(suite, 'pages', how)).toBeGreaterThan(0)
      expect(pages.flat().map(shown), broken(suite, 'pages', how)).toEqual(expected(all))
    }
    for (const maxBytes of [1, 25, 505, 100_000]) {
      const pages = await pagesOf(suite, log, LOG_START, { maxBytes })
      const how = `with maxBytes ${maxBytes} its pages have ${pages.map((page) => page.map(({ bytes }) => bytes.length).join('+'))}`
      for (const page of pages) {
        expect(page.length, broken(suite, 'pages', how)).toBeGreaterThan(0)
        const total = page.reduce((sum, { bytes }) => sum + bytes.length, 0)
        expect(page.length === 1 || total <= maxBytes, broken(suite, 'pages', how)).toBe(true)
      }
      expect(pages.flat().map(shown), broken(suite, 'pages', how)).toEqual(expected(all))
    }
  })

  it(`[M-20] ${LOG_LAWS.unknownPosition}`, async () => {
    const { log } = await suite.open()
    const nowhere = { term: 1, index: 1 }
    await refuse('read', 'on an empty log', nowhere)
    const [one, two] = (await appendAll(suite, log, texts(2))) as [Position, Position]
    const unknown: readonly (readonly [string, Position])[] = [
      ['above the head', { ...two, index: 3 }],
      ['far above the head', { ...two, index: 1000 }],
      ['of a later term at the head', { ...two, term: two.term + 1 }],
      ['of a later term', { ...one, term: one.term + 1 }],
      ['of an earlier term', { ...one, term: one.term - 1 }],
    ]
    for (const [what, position] of unknown)
      for (const call of ['read', 'follow', 'truncate'] as const) await refuse(call, what, position)
    await truncate(suite, log, one)
    await refuse('read', 'of another term at the floor', { ...one, term: one.term + 1 })

    async function refuse(call: 'read' | 'follow' | 'truncate', what: string, position: Position) {
      const controller = new AbortController()
      const { signal } = controller
      const attempt = async () => {
        if (call === 'truncate') return log.truncate(position)
        for await (const _ of log[call](position, { signal })) break
      }
      // A follow that waits there for ever must fail the case, not hang it.
      const timer = setTimeout(() => controller.abort(new Error('it waits')), suite.patience / 5)
      const how = `${call} takes a position ${what}`
      await expectCode(suite, 'unknownPosition', 'HF_LOG_DIVERGED', how, attempt())
      clearTimeout(timer)
    }
  })

  it(`[M-20] ${LOG_LAWS.terms}`, async () => {
    const { log, changeLeader } = await suite.open()
    const positions = await appendAll(suite, log, texts(3))
    await changeLeader?.()
    positions.push(...(await appendAll(suite, log, texts(3, 4))))
    const terms = positions.map(({ term }) => term)
    const ask = () => Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 1000].map((index) => log.termAt(index)))
    expect(await ask(), broken(suite, 'terms', 'a term is wrong')).toEqual([
      0,
      ...terms,
      undefined,
      undefined,
    ])
    await truncate(suite, log, positions[3] as Position)
    const left = [undefined, undefined, undefined, undefined, ...terms.slice(3), undefined, undefined]
    expect(await ask(), broken(suite, 'terms', 'a term is wrong after truncation')).toEqual(left)
    await truncate(suite, log, positions[5] as Position)
    expect(await log.termAt(6), broken(suite, 'terms', 'the floor that is the head has no term')).toBe(
      terms[5],
    )
  })
}
