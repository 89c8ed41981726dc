import { LOG_START, type Log, type Position } from '@holdfast/core'
import { expect, it } from 'vitest'
import {
  appendAll,
  broken,
  expectCode,
  expected,
  failureOf,
  recordsOf,
  shown,
  texts,
  truncate,
} from './calls.ts'
import type { LogSuite } from './describe-log.ts'
import { LOG_LAWS } from './laws.ts'

export function truncating(suite: LogSuite): void {
  it(`[M-08] ${LOG_LAWS.gap}`, async () => {
    const { log } = await suite.open()
    const positions = [LOG_START, ...(await appendAll(suite, log, texts(6)))]
    const floor = positions[4] as Position
    await truncate(suite, log, floor)
    for (const below of positions.slice(0, 4))
      for (const call of ['read', 'follow'] as const) {
        const controller = new AbortController()
        const timer = setTimeout(() => controller.abort(new Error('it waits')), suite.patience / 5)
        const first = async () => {
          for await (const _ of log[call](below, { signal: controller.signal })) break
        }
        const how = `${call} behind ${below.index} skips what is gone; the floor is ${floor.index}`
        const context = await expectCode(suite, 'gap', 'HF_LOG_GAP', how, first())
        clearTimeout(timer)
        expect(context.floor, broken(suite, 'gap', 'the error does not name the floor')).toEqual(floor)
      }
    const failure = await failureOf(all(log, floor))
    expect(failure, broken(suite, 'gap', 'exactly at the floor it signals')).toBeUndefined()
    expect(
      await recordsOf(suite, log, floor),
      broken(suite, 'gap', 'it skips records above the floor'),
    ).toEqual(expected(texts(2, 5), 5))
    await truncate(suite, log, positions[6] as Position)
    const empty = await failureOf(all(log, positions[6] as Position))
    expect(empty, broken(suite, 'gap', 'with nothing above the floor it signals')).toBeUndefined()
  })

  it(`[M-08] ${LOG_LAWS.gap}, also for a reader that is on its way`, async () => {
    const { log } = await suite.open()
    const positions = await appendAll(suite, log, texts(9))
    const seen: string[] = []
    const read = async () => {
      for await (const page of log.read(LOG_START, { maxRecords: 3 })) {
        seen.push(...page.map(shown))
        if (seen.length === 3) await truncate(suite, log, positions[6] as Position)
      }
    }
    const failure = await failureOf(read())
    // What it had fetched before may still come; then it either has everything or it says so.
    const whole = expected(texts(9))
    expect(seen, broken(suite, 'gap', 'a running read skips what goes meanwhile')).toEqual(
      whole.slice(0, seen.length),
    )
    if (seen.length < whole.length) {
      const code = (failure as { code?: unknown } | undefined)?.code
      expect(code, broken(suite, 'gap', 'a running read ends early and says nothing')).toBe('HF_LOG_GAP')
    }
  })

  it(`[M-09] ${LOG_LAWS.truncation}`, async () => {
    const subject = await suite.open()
    const { log } = subject
    const positions = await appendAll(suite, log, texts(8))
    const at = (index: number) => positions[index - 1] as Position
    const says = async (of = log) => [await of.floor(), await of.head()]
    await truncate(suite, log, at(3))
    expect(await says(), broken(suite, 'truncation', 'floor and head are not where they belong')).toEqual([
      at(3),
      at(8),
    ])
    for (const repeated of [at(3), at(1), LOG_START]) await truncate(suite, log, repeated)
    expect(await says(), broken(suite, 'truncation', 'once more changes something')).toEqual([at(3), at(8)])
    await truncate(suite, log, at(5))
    expect(
      await recordsOf(suite, log, at(5)),
      broken(suite, 'truncation', 'it removes more than it may'),
    ).toEqual(expected(texts(3, 6), 6))
    const again = (await subject.reopen?.()) ?? log
    expect(await says(again), broken(suite, 'truncation', 'a restart forgets the floor')).toEqual([
      at(5),
      at(8),
    ])
    await truncate(suite, again, at(8))
    expect(await says(again), broken(suite, 'truncation', 'without records the head is lost')).toEqual([
      at(8),
      at(8),
    ])
    const [next] = await appendAll(suite, again, ['record 9'])
    expect(next?.index, broken(suite, 'truncation', 'indexes begin anew')).toBe(9)
    expect(
      await recordsOf(suite, again, at(8)),
      broken(suite, 'truncation', 'what comes is not there'),
    ).toEqual(expected(['record 9'], 9))
  })
}

async function all(log: Log, after: Position): Promise<void> {
  for await (const _ of log.read(after));
}
