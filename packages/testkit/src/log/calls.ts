import {
  isHoldfastError,
  LOG_START,
  type Log,
  type LogRecord,
  messageOf,
  type Position,
} from '@holdfast/core'
import { expect } from 'vitest'
import type { LogSuite } from './describe-log.ts'
import { LOG_LAWS, type LogLaw } from './laws.ts'

/** Appends texts one after the other at the head, and gives their positions. */
export async function appendAll(suite: LogSuite, log: Log, texts: readonly string[]): Promise<Position[]> {
  const positions: Position[] = []
  for (const text of texts) {
    const call = log.append(Buffer.from(text), { expectedHead: await log.head() })
    positions.push(await works(suite, 'compare', 'on its own head it refuses a record', call))
  }
  return positions
}

/** The result of a call that a sound log answers. */
export async function works<T>(suite: LogSuite, law: LogLaw, how: string, call: Promise<T>): Promise<T> {
  return call.catch((error: unknown) => {
    throw new Error(broken(suite, law, `${how}: ${messageOf(error)}`), { cause: error })
  })
}

/** As many texts as asked for, each another. */
export function texts(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, at) => `record ${from + at}`)
}

export async function pagesOf(
  suite: LogSuite,
  log: Log,
  after: Position,
  options?: Parameters<Log['read']>[1],
): Promise<(readonly LogRecord[])[]> {
  const pages: (readonly LogRecord[])[] = []
  const reading = async () => {
    for await (const page of log.read(after, options)) {
      pages.push(page)
      // A log that repeats its pages must fail the case, not hang it.
      if (pages.length > 1000) break
    }
  }
  await works(suite, 'order', `it does not read behind ${after.index}`, reading())
  return pages
}

/** Everything behind a position, as index and text. */
export async function recordsOf(suite: LogSuite, log: Log, after: Position = LOG_START): Promise<string[]> {
  return (await pagesOf(suite, log, after)).flat().map(shown)
}

/** Truncates to a position that the log knows. */
export function truncate(suite: LogSuite, log: Log, upTo: Position): Promise<void> {
  return works(suite, 'truncation', `it does not truncate up to ${upTo.index}`, log.truncate(upTo))
}

/** Records as {@link recordsOf} gives them. */
export function expected(list: readonly string[], from = 1): string[] {
  return list.map((text, at) => `${from + at}: ${text}`)
}

export function shown({ position, bytes }: LogRecord): string {
  return `${position.index}: ${Buffer.from(bytes).toString()}`
}

/** Takes a value for the records of a `follow`, at most so many, and ends it. */
export async function followed(log: Log, after: Position, count: number): Promise<string[]> {
  const seen: string[] = []
  const controller = new AbortController()
  for await (const page of log.follow(after, { signal: controller.signal })) {
    seen.push(...page.map(shown))
    if (seen.length >= count) break
  }
  controller.abort()
  return seen
}

/** Resolves as the promise does; fails when it takes longer than the suite waits (ms). */
export async function soon<T>(suite: LogSuite, law: LogLaw, how: string, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(broken(suite, law, how))), suite.patience)
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** The message of an assertion: which log breaks which law, and how. */
export function broken({ name }: LogSuite, law: LogLaw, how: string): string {
  return `log ${name} breaks the law "${LOG_LAWS[law]}": ${how}`
}

/** What a call rejected with; undefined when it resolved. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error ?? new Error('it rejected with nothing'),
  )
}

/** Expects that a call rejects with a code, and gives the context of the error. */
export async function expectCode(
  suite: LogSuite,
  law: LogLaw,
  code: 'HF_LOG_CONFLICT' | 'HF_LOG_DIVERGED' | 'HF_LOG_GAP' | 'HF_LOG_RECORD_TOO_LARGE',
  how: string,
  call: Promise<unknown>,
): Promise<Readonly<Record<string, unknown>>> {
  const error = await failureOf(call)
  const got = isHoldfastError(error) ? error.code : error === undefined ? 'no error' : error
  expect(got, broken(suite, law, how)).toBe(code)
  return isHoldfastError(error) ? error.context : {}
}
