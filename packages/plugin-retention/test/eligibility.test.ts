import { createNode, type HoldfastError } from '@holdfast/core'
import { type PolicyOptions, retention } from '@holdfast/plugin-retention'
import { describe, expect, it } from 'vitest'
import { DAY, NOW, RAW, register, testNode } from './support.ts'

const CUTOFF = NOW - 90 * DAY
const due = async (test: Awaited<ReturnType<typeof testNode>>, request = {}) =>
  (await (await test.node.jobs.plan('retention', request)).all()).map(({ path }) => path)

describe('eligibility', () => {
  it('[R-11] a file is due when its newest row is strictly older than maxAge, to the millisecond', async () => {
    const test = await testNode()
    await test.write('a/older', CUTOFF - 1)
    await test.write('a/exactly', CUTOFF)
    await test.write('a/younger', CUTOFF + 1)
    expect(await due(test)).toEqual(['a/older'])
  })

  it('[R-11] buffer is added to maxAge', async () => {
    const test = await testNode({ policies: [{ ...RAW, buffer: '1d' }] })
    await test.write('a/in-buffer', CUTOFF - 1)
    await test.write('a/older', CUTOFF - DAY - 1)
    expect(await due(test)).toEqual(['a/older'])
  })

  it('[R-11] a file without a known maxTime is kept and counted', async () => {
    const test = await testNode()
    await test.write('free/form')
    await test.write('a/older', CUTOFF - 1)
    const plan = await test.node.jobs.plan('retention')
    expect((await plan.all()).map(({ path }) => path)).toEqual(['a/older'])
    expect(plan.kept).toEqual({ 'no known maxTime': 1 })
  })

  it('[R-12] a file younger than minAge by the real clock is kept, whatever asOf says', async () => {
    const test = await testNode({ policies: [{ ...RAW, minAge: '24h' }] })
    await test.write('a/x', CUTOFF - 1)
    const asOf = NOW + 1000 * DAY
    expect(await test.node.jobs.plan('retention', { asOf })).toMatchObject({
      totals: { files: 0 },
      kept: { 'younger than minAge': 1 },
    })
    test.clock.setWall(NOW + DAY - 1)
    expect(await due(test, { asOf })).toEqual([])
    test.clock.setWall(NOW + DAY)
    expect(await due(test, { asOf })).toEqual(['a/x'])
  })

  it('[R-12] asOf replaces now in eligibility', async () => {
    const test = await testNode()
    await test.write('a/x', NOW)
    expect(await due(test)).toEqual([])
    expect(await due(test, { asOf: new Date(NOW + 90 * DAY) })).toEqual([])
    expect(await due(test, { asOf: NOW + 90 * DAY + 1 })).toEqual(['a/x'])
  })

  it('[R-12] where policies meet, a file is due only if all of them say so; one that is not asked for still protects', async () => {
    const short: PolicyOptions = { id: 'short', match: 'logs/**', maxAge: '1d', minAge: 0 }
    const test = await testNode({ policies: [RAW, short] })
    await test.write('logs/recent', NOW - 2 * DAY)
    await test.write('logs/old', CUTOFF - 1)
    await test.write('other/old', CUTOFF - 1)
    expect(await due(test)).toEqual(['logs/old', 'other/old'])
    expect(await due(test, { policies: ['short'] })).toEqual(['logs/old'])
  })

  it('[R-12] an inactive policy neither takes nor protects', async () => {
    const short: PolicyOptions = { id: 'short', match: '**', maxAge: '1d', minAge: 0 }
    const test = await testNode({ policies: [{ ...RAW, active: false }, short] })
    await test.write('a/x', NOW - 2 * DAY)
    expect(await due(test)).toEqual(['a/x'])
    await expect(test.node.jobs.plan('retention', { policies: ['raw'] })).rejects.toMatchObject({
      code: 'HF_REQUEST_INVALID',
    })
    await expect(test.node.jobs.plan('retention', { policies: ['nobody'] })).rejects.toMatchObject({
      code: 'HF_REQUEST_INVALID',
    })
  })

  it('[A-06] a request with a field that is unknown, or of the wrong kind, is refused', async () => {
    const test = await testNode()
    for (const request of [{ policy: ['raw'] }, { policies: 'raw' }, { asOf: 'soon' }, { asOf: '9999' }])
      await expect(test.node.jobs.plan('retention', request as object)).rejects.toMatchObject({
        code: 'HF_REQUEST_INVALID',
      })
  })

  it('[R-12] every problem of every policy is named', () => {
    const policies = [
      { id: 'Bad Id', match: '', maxAge: '3 moons' },
      { ...RAW, buffer: '91d', extra: 1 },
      RAW,
    ] as unknown as PolicyOptions[]
    let message = ''
    try {
      createNode({ plugins: [retention({ policies })], log: 'silent' })
    } catch (error) {
      message = (error as HoldfastError).message
    }
    for (const part of [
      'not kebab-case',
      'no match',
      'maxAge is "3 moons"',
      '"extra" is unknown',
      'maxAge is not longer than buffer',
      'its id is taken',
    ])
      expect(message).toContain(part)
  })

  it('[R-09] the reason names the policy, in the plan and in the manifest', async () => {
    const test = await testNode({ eraseDelay: '1h' })
    await test.write('a/x', CUTOFF - 1)
    await test.node.jobs.run('retention', { act: true })
    expect(test.manifest.condemned().items).toMatchObject([
      { reason: 'retention:raw', notBefore: NOW + 3_600_000 },
    ])
  })

  it('[R-15] a plan reads what has expired, not what is kept', async () => {
    const test = await testNode()
    await register(test, 1500, CUTOFF - 1, 'expired')
    const read = countReads(test)
    expect((await due(test)).length).toBe(1500)
    const alone = read()
    await register(test, 20_000, NOW, 'kept')
    await register(test, 20_000, NOW, 'expired2')
    read()
    expect((await due(test)).length).toBe(1500)
    expect(read() - alone).toBeLessThanOrEqual(2)
    expect(alone).toBeLessThanOrEqual(1502)
  })
})

/** Counts the entries that pages by age gave since the last question, one for an empty page. */
function countReads({ manifest }: Awaited<ReturnType<typeof testNode>>): () => number {
  let count = 0
  const original = manifest.entriesByAge.bind(manifest)
  Object.assign(manifest, {
    entriesByAge: (query: Parameters<typeof original>[0]) => {
      const page = original(query)
      count += Math.max(1, page.items.length)
      return page
    },
  })
  return () => {
    const since = count
    count = 0
    return since
  }
}
