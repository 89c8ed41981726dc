import { readdirSync } from 'node:fs'
import { LOG_LAWS, type LogLaw } from '@holdfast/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { type FailedCase, runBroken } from './run-broken.ts'

interface Flaw {
  /** The law that it is about first. */
  readonly breaks: readonly LogLaw[]
  /** Words of the message that say how. */
  readonly how: string
  /** It spoils other cases too, whatever they are about. */
  readonly everywhere?: true
}

const FLAWS: Readonly<Record<string, Flaw>> = {
  'answers-early': { breaks: ['durable'], how: 'it has answered and shows', everywhere: true },
  'appends-on-anything': { breaks: ['compare'], how: 'it appends on the beginning' },
  'compares-the-index': { breaks: ['compare'], how: 'it appends on the head in another term' },
  'drops-large-records': { breaks: ['pages'], how: 'with maxBytes 1 its pages have' },
  'ends-at-the-head': { breaks: ['following'], how: 'it misses or repeats a record' },
  'forgets-the-anchor': { breaks: ['terms'], how: 'a term is wrong after truncation' },
  'hands-out-its-bytes': { breaks: ['bytes'], how: 'the second read gives other bytes' },
  'ignores-the-signal': { breaks: ['cancellation'], how: 'a cancelled call was done' },
  'shares-everything': {
    breaks: ['isolation'],
    how: 'a new log shows what was appended to another',
    everywhere: true,
  },
  'signals-at-the-floor': {
    breaks: ['gap', 'order', 'unknownPosition'],
    how: 'exactly at the floor it signals',
  },
  'skips-the-gap': { breaks: ['gap'], how: 'read behind 0 skips what is gone' },
  'truncates-too-much': {
    breaks: ['truncation', 'gap', 'terms', 'unknownPosition'],
    how: 'floor and head are not where they belong',
  },
  'waits-in-the-unknown': { breaks: ['unknownPosition'], how: 'read takes a position on an empty log' },
}

describe('describeLog', () => {
  let failed: ReadonlyMap<string, readonly FailedCase[]>
  beforeAll(async () => {
    failed = await runBroken('broken-logs')
  }, 120_000)

  it('[M-08] every broken log is looked at', () => {
    const files = readdirSync(new URL('broken-logs', import.meta.url)).filter((name) => name.endsWith('.ts'))
    expect(files.map((name) => name.slice(0, -3)).sort()).toEqual(Object.keys(FLAWS).sort())
    expect([...failed.keys()].sort()).toEqual(Object.keys(FLAWS).sort())
  })

  it.each(Object.entries(FLAWS))(
    '[M-08] %s fails by the laws that it breaks, in their words',
    (name, flaw) => {
      const cases = failed.get(name) ?? []
      const laws = lawsOf(cases)
      if (flaw.everywhere) expect(laws).toEqual(expect.arrayContaining([...flaw.breaks]))
      else expect(laws).toEqual([...flaw.breaks].sort())
      const [main] = flaw.breaks
      const told = cases.filter(({ message }) =>
        message.includes(`breaks the law "${main && LOG_LAWS[main]}"`),
      )
      expect(told.map(({ message }) => message).join('\n')).toContain(flaw.how)
      for (const { message } of cases) expect(message).toContain('log broken breaks the law "')
    },
  )
})

/** The laws that a file's failures name. A failure that names none shows as its own text. */
function lawsOf(cases: readonly FailedCase[]): string[] {
  const laws = Object.entries(LOG_LAWS)
  const named = cases.map(
    ({ message }) => laws.find(([, words]) => message.includes(`breaks the law "${words}"`))?.[0] ?? message,
  )
  return [...new Set(named)].sort()
}
