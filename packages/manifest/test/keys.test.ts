import { compareBytes, type KeyQuery, type Manifest, type StorageKey } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { condemn, condemnUnlisted, doom, erased, register, testNode } from './support.ts'

function all(manifest: Manifest, query: KeyQuery = {}): StorageKey[] {
  const { keys, next } = manifest.keys(query)
  return next === undefined ? [...keys] : [...keys, ...all(manifest, { ...query, after: next })]
}

describe('keys', () => {
  it('[M-06] are in byte order of UTF-8, whatever is asked for and however it is cut into pages', async () => {
    const { manifest, commit } = await testNode()
    const names = ['a', 'a0', 'b/c', 'b/d', 'b0', 'c/é', 'c/\uffee', 'c/😀', 'd']
    await commit(...names.map((name) => register(name)))
    const bound = fc.option(
      fc.oneof(fc.constantFrom(...names, 'b/', 'b/c/', 'c/', 'zz', `b/${'c'.repeat(3000)}`), fc.string()),
      { nil: undefined },
    )
    fc.assert(
      fc.property(bound, bound, bound, fc.integer({ min: 1, max: 4 }), (prefix, after, until, limit) => {
        const expected = names.filter(
          (name) =>
            (prefix === undefined || name.startsWith(prefix)) &&
            (after === undefined || compareBytes(name, after) > 0) &&
            (until === undefined || compareBytes(name, until) < 0),
        )
        const query = {
          ...(prefix !== undefined && { prefix }),
          ...(after !== undefined && { after }),
          ...(until !== undefined && { until }),
        }
        expect(all(manifest, { ...query, limit })).toEqual(expected)
      }),
    )
    expect(names).toEqual([...names].sort(compareBytes))
  })

  it('[M-06] are given in every state until they are forgotten, and go on behind a key that there is not', async () => {
    const { manifest, commit } = await testNode()
    await commit(register('a'), register('b'), register('c'), register('d'))
    await commit(condemn('b', 2), condemn('c', 3), condemn('d', 4), condemnUnlisted('e'))
    await commit(doom('c'), doom('d'))
    await commit(erased('d'))
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => manifest.key(key as StorageKey)?.state)).toEqual([
      'live',
      'condemned',
      'doomed',
      'gone',
      'condemned',
    ])
    expect(all(manifest)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(all(manifest, { after: 'b1' })).toEqual(['c', 'd', 'e'])
  })
})

describe('names as long as they may be', () => {
  it('[M-03] a path, a key and a namespace of 1024 bytes fit into every index', async () => {
    const { outcome, manifest } = await testNode()
    const path = `${'f'.repeat(200)}/${'é'.repeat(411)}x`
    expect(Buffer.byteLength(path)).toBe(1024)
    const namespace = 'n'.repeat(1024)
    expect(await outcome(register(path, { namespace, maxTime: 5, metadata: { a: 'x'.repeat(4000) } }))).toBe(
      'done',
    )
    expect(manifest.entriesByAge({ namespace, before: 6 }).items).toHaveLength(1)
    expect(await outcome(condemn(path, 1))).toBe('done')
    expect(manifest.condemned({ prefix: 'f' }).items).toHaveLength(1)
    expect(manifest.check()).toEqual([])
  })
})
