import { LOG_START, type Position } from '@holdfast/core'
import { expect, it } from 'vitest'
import { appendAll, broken, expected, failureOf, followed, shown, soon, texts } from './calls.ts'
import type { LogSuite } from './describe-log.ts'
import { LOG_LAWS } from './laws.ts'

export function following(suite: LogSuite): void {
  it(`[M-08] ${LOG_LAWS.following}`, async () => {
    const subject = await suite.open()
    const writer = (await subject.connect?.()) ?? subject.log
    const { log } = subject
    const all = texts(12)
    const positions = await appendAll(suite, writer, all.slice(0, 4))
    const late = 'a record does not reach the follower'
    const reading = followed(log, LOG_START, 12)
    const fromHead = followed(log, positions[3] as Position, 8)
    for (const text of all.slice(4)) await appendAll(suite, writer, [text])
    expect(
      await soon(suite, 'following', late, reading),
      broken(suite, 'following', 'it misses or repeats a record'),
    ).toEqual(expected(all))
    expect(
      await soon(suite, 'following', late, fromHead),
      broken(suite, 'following', 'from the head on it misses or repeats a record'),
    ).toEqual(expected(all.slice(4), 5))
  })

  it(`[M-08] ${LOG_LAWS.following}; one that waits ends with the reason of its signal`, async () => {
    const { log } = await suite.open()
    await appendAll(suite, log, texts(2))
    const controller = new AbortController()
    const reason = new Error('enough')
    const seen: string[] = []
    const ending = failureOf(
      (async () => {
        for await (const page of log.follow(LOG_START, { signal: controller.signal })) {
          seen.push(...page.map(shown))
          if (seen.length === 2) setImmediate(() => controller.abort(reason))
        }
      })(),
    )
    const end = await soon(suite, 'following', 'its signal does not end it', ending)
    expect(seen, broken(suite, 'following', 'it ends before its signal')).toEqual(expected(texts(2)))
    expect(end, broken(suite, 'following', 'it does not end with the reason of its signal')).toBe(reason)
  })

  it(`[M-08] ${LOG_LAWS.following}; the pages of a follower are not empty`, async () => {
    const { log } = await suite.open()
    await appendAll(suite, log, texts(1))
    const sizes: number[] = []
    const controller = new AbortController()
    const ending = failureOf(
      (async () => {
        for await (const page of log.follow(LOG_START, { signal: controller.signal })) {
          sizes.push(page.length)
          if (sizes.length >= 3) controller.abort()
          else await appendAll(suite, log, ['next'])
        }
      })(),
    )
    await soon(suite, 'following', 'a record does not reach the follower', ending)
    expect(Math.min(...sizes), broken(suite, 'following', 'a page is empty')).toBeGreaterThan(0)
  })
}
