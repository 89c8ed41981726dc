import { readdirSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { type FailedCase, runBroken } from './run-broken.ts'

/** Words of the law that each breaks; the first failure of each must name it. */
const FLAWS: Readonly<Record<string, string>> = {
  'counts-in-seconds': 'changedAt is the time, and one for stat and listing',
  'drops-the-1001st-key': 'gives every key once, in byte order of the whole key',
  'ends-in-an-empty-page': 'a listing that is taken up after the last key of each page',
  'folds-case': 'gives every key once, in byte order of the whole key',
  'forgets-the-signal': 'a read that is cancelled midway rejects with kind aborted',
  'forgets-the-version': 'stat and listing tell the version that write gave',
  'ignores-ranges': 'ranges end before their end',
  'includes-after': 'after and until are exclusive',
  'leaves-half-a-piece': 'a single piece whose write is cancelled on its way',
  'leaves-litter': 'a source that fails midway leaves nothing visible',
  'lets-two-win': 'of many concurrent writers with ifAbsent exactly one wins',
  'lists-in-order-of-words': 'gives every key once, in byte order of the whole key',
  'lists-other-times': 'changedAt is the time, and one for stat and listing',
  'looks-before-it-reads': 'a key that is taken while a source with ifAbsent still gives',
  'loses-all-when-it-ends': 'what was written is there when the store is opened again',
  'refuses-what-is-gone': 'deleting is idempotent and a missing key is gone',
  'reports-a-delete-that-failed': 'a call takes as many targets as the limit says',
  'says-gone-when-cancelled': 'a delete that is cancelled on its way says gone of what is gone only',
  'shares-everything': 'the factory gives isolated instances',
  'shows-half-an-object': 'nobody sees a part of an object that is being written',
  'stops-at-a-bad-key': 'a target that cannot be a key fails alone',
  'swallows-an-error': 'a source that fails midway leaves nothing visible',
  'takes-cancelled-for-missing': 'a stat that is cancelled on its way tells the truth',
  'takes-sizes-for-versions': 'reading with ifVersion refuses another version',
  'throws-strange-errors': 'reading what is missing is not_found',
  'tidies-up-the-old-bytes': 'a replacing write that fails keeps the old bytes',
  'writes-a-piece-in-place': 'nobody sees a part of a single piece while it is written',
}

describe('describeBackend', () => {
  let failed: ReadonlyMap<string, readonly FailedCase[]>
  beforeAll(async () => {
    failed = await runBroken('broken-backends')
  }, 120_000)

  it('[B-14] every broken backend is looked at', () => {
    const files = readdirSync(new URL('broken-backends', import.meta.url)).filter((name) =>
      name.endsWith('.ts'),
    )
    const all = [...Object.keys(FLAWS), 'loses-a-case'].sort()
    expect(files.map((name) => name.slice(0, -3)).sort()).toEqual(all)
    expect([...failed.keys()].sort()).toEqual(all)
  })

  it.each(Object.entries(FLAWS))('[B-14] %s fails, and is told the law that it breaks', (name, words) => {
    const messages = (failed.get(name) ?? []).map(({ message }) => message)
    expect(messages.length).toBeGreaterThan(0)
    const told = messages.filter((message) => message.includes(`backend broken breaks the law "${words}`))
    expect(told, messages.join('\n').slice(0, 2000)).not.toHaveLength(0)
    for (const message of messages) expect(message).toMatch(/breaks the law|Test timed out|cases of/)
  })

  it('[B-14] a case that does not run is missed, and nothing else fails of it', () => {
    expect(failed.get('loses-a-case')).toEqual([
      {
        title: '[B-14] every group of cases has run, as many as were expected',
        message: expect.stringContaining('cases of each group that ran'),
      },
    ])
  })
})
