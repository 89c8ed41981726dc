import { createNode, type HoldfastError } from '@holdfast/core'
import { type PolicyOptions, retention } from '@holdfast/plugin-retention'
import { describe, expect, it } from 'vitest'
import { DAY, NOW, RAW, register, type TestNode, testNode } from './support.ts'

const OLD = NOW - 100 * DAY

async function due(test: TestNode, request = {}): Promise<string[]> {
  return (await (await test.node.jobs.plan('retention', request)).all()).map(({ path }) => path)
}

/** Files of one namespace, of 10 bytes each, a day apart, the first the oldest. */
async function series(test: TestNode, folder: string, count: number, newest = OLD): Promise<void> {
  for (let at = 0; at < count; at++)
    await test.node.files.write(`${folder}/${at}`, '0123456789', {
      namespace: folder,
      maxTime: newest - (count - 1 - at) * DAY,
    })
}

describe('keepNewest', () => {
  it('[R-12] keeps the newest of each namespace, however old they are', async () => {
    const test = await testNode({ policies: [{ ...RAW, keepNewest: 2 }] })
    await series(test, 'a', 5)
    await series(test, 'b', 2)
    const plan = await test.node.jobs.plan('retention')
    expect((await plan.all()).map(({ path }) => path)).toEqual(['a/0', 'a/1', 'a/2'])
    expect(plan.kept).toEqual({ 'among the newest': 4 })
  })

  it('[R-12] counts those that the policy matches, and no file without times', async () => {
    const test = await testNode({ policies: [{ ...RAW, match: '**/*.csv', keepNewest: 1 }] })
    for (const [path, maxTime] of [
      ['x.csv', OLD],
      ['y.csv', OLD + 1],
      ['z.json', OLD + 2],
    ] as const)
      await test.write(path, maxTime, { namespace: 'ns' })
    await test.write('none.csv', undefined, { namespace: 'ns' })
    expect(await due(test)).toEqual(['x.csv'])
  })

  it('[R-12] of files of one time the last by path are the newest; 0 keeps none', async () => {
    const one = await testNode({ policies: [{ ...RAW, keepNewest: 1 }] })
    for (const name of ['a', 'b', 'c']) await one.write(name, OLD, { namespace: 'ns' })
    expect(await due(one)).toEqual(['a', 'b'])
    const none = await testNode({ policies: [{ ...RAW, keepNewest: 0 }] })
    await none.write('a', OLD)
    expect(await due(none)).toEqual(['a'])
  })

  it('[R-15] costs as many reads as files are kept by it', async () => {
    const test = await testNode({ policies: [{ ...RAW, keepNewest: 3 }] })
    await register(test, 500, OLD)
    await register(test, 5000, NOW, 'bulk')
    let reads = 0
    const original = test.manifest.entriesByAge.bind(test.manifest)
    Object.assign(test.manifest, {
      entriesByAge: (query: Parameters<typeof original>[0]) => {
        const page = original(query)
        reads += page.items.length
        return page
      },
    })
    await due(test)
    expect(reads).toBeLessThanOrEqual(503)
  })

  it('[R-12] is asked again when a chunk is about to go: what was deleted meanwhile counts no more', async () => {
    const test = await testNode({ policies: [{ ...RAW, keepNewest: 2 }], eraseDelay: '1h' })
    await series(test, 'a', 4)
    const plan = await test.node.jobs.plan('retention')
    expect(plan.totals.files).toBe(2)
    await test.node.files.delete('a/3')
    const run = await test.node.jobs.run('retention', { plan: plan.id, act: true })
    expect(run).toMatchObject({ done: { files: 1 }, skipped: { 'kept by a policy': 1 } })
    expect(test.listed()).toEqual(['a/1', 'a/2'])
  })
})

describe('maxBytes', () => {
  it('[R-12] takes the oldest while the namespace is larger, whatever their age', async () => {
    const test = await testNode({ policies: [{ id: 'size', match: '**', maxBytes: 25, minAge: 0 }] })
    await series(test, 'a', 5, NOW)
    await series(test, 'b', 2, NOW)
    expect(await due(test)).toEqual(['a/0', 'a/1', 'a/2'])
    const run = await test.node.jobs.run('retention', { act: true })
    expect(run.done).toMatchObject({ files: 3, bytes: 30 })
    expect(await due(test)).toEqual([])
  })

  it('[R-12] exactly maxBytes is not over it; 0 takes all that nothing keeps; unset takes nothing', async () => {
    const exact = await testNode({ policies: [{ id: 'size', match: '**', maxBytes: 50, minAge: 0 }] })
    await series(exact, 'a', 5, NOW)
    expect(await due(exact)).toEqual([])
    const zero = await testNode({
      policies: [{ id: 'size', match: '**', maxBytes: 0, minAge: 0, keepNewest: 1 }],
    })
    await series(zero, 'a', 3, NOW)
    expect(await due(zero)).toEqual(['a/0', 'a/1'])
    const unset = await testNode()
    await series(unset, 'a', 3, NOW)
    expect(await due(unset)).toEqual([])
  })

  it('[R-12] what is kept makes no room: the next oldest goes instead', async () => {
    const test = await testNode({ policies: [{ id: 'size', match: '**', maxBytes: '25B', minAge: 0 }] })
    await series(test, 'a', 5, NOW)
    await test.manifest.holds.hold({ scope: { path: 'a/0' }, owner: 'test' })
    const plan = await test.node.jobs.plan('retention')
    expect((await plan.all()).map(({ path }) => path)).toEqual(['a/1', 'a/2', 'a/3'])
    expect(plan.kept).toEqual({ held: 1 })
  })

  it('[R-12] beside maxAge a policy takes what one of the two lets go', async () => {
    const test = await testNode({ policies: [{ ...RAW, maxBytes: 25 }] })
    await series(test, 'a', 4, NOW)
    await series(test, 'old', 1, OLD)
    expect(await due(test)).toEqual(['a/0', 'a/1', 'old/0'])
  })

  it('[R-12] is asked again when a chunk is about to go: a namespace that has become small loses nothing', async () => {
    const test = await testNode({
      policies: [{ id: 'size', match: '**', maxBytes: 30, minAge: 0 }],
      eraseDelay: '1h',
    })
    await series(test, 'a', 5, NOW)
    const plan = await test.node.jobs.plan('retention')
    await test.node.files.delete('a/3')
    await test.node.files.delete('a/4')
    const run = await test.node.jobs.run('retention', { plan: plan.id, act: true })
    expect(run).toMatchObject({ done: { files: 0 }, skipped: { 'kept by a policy': 2 } })
    expect(test.listed()).toEqual(['a/0', 'a/1', 'a/2'])
  })
})

describe('several policies', () => {
  const short: PolicyOptions = { id: 'short', match: 'logs/**', maxAge: '1d', minAge: 0 }

  it('[R-12] one that overrides another decides alone; elsewhere the other does', async () => {
    const test = await testNode({ policies: [RAW, { ...short, overrides: ['raw'] }] })
    await test.write('logs/recent', NOW - 2 * DAY)
    await test.write('other/recent', NOW - 2 * DAY)
    const items = await (await test.node.jobs.plan('retention')).all()
    expect(items.map(({ path, reason }) => [path, reason])).toEqual([['logs/recent', 'retention:short']])
  })

  it('[R-12] a longer one can override too; the shorter has no say there', async () => {
    const long: PolicyOptions = { id: 'long', match: 'legal/**', maxAge: '3650d', overrides: ['raw'] }
    const test = await testNode({ policies: [RAW, long] })
    await test.write('legal/a', OLD)
    await test.write('other/a', OLD)
    expect(await due(test)).toEqual(['other/a'])
    expect(await due(test, { policies: ['raw'] })).toEqual(['other/a'])
  })

  it('[R-12] an inactive policy overrides nobody, and one that is overridden overrides nobody either', async () => {
    const off = await testNode({ policies: [RAW, { ...short, overrides: ['raw'], active: false }] })
    await off.write('logs/recent', NOW - 2 * DAY)
    expect(await due(off)).toEqual([])
    const chain = await testNode({
      policies: [
        RAW,
        { ...short, overrides: ['raw'] },
        { id: 'most', match: 'logs/keep/**', maxAge: '10d', minAge: 0, overrides: ['short'] },
      ],
    })
    await chain.write('logs/keep/a', NOW - 20 * DAY)
    await chain.write('logs/b', NOW - 20 * DAY)
    // In logs/keep `most` decides with `raw`, which nobody overrides there.
    expect(await due(chain)).toEqual(['logs/b'])
  })

  it('[R-12] a policy of a namespace is about that namespace only', async () => {
    const test = await testNode({ policies: [{ id: 'one', namespace: 'one', maxAge: '1d', minAge: 0 }] })
    await test.write('a', OLD, { namespace: 'one' })
    await test.write('b', OLD, { namespace: 'two' })
    expect(await due(test)).toEqual(['a'])
  })

  it('[R-12] the strictest of each kind keeps: age, newest, bytes and minAge of all that match', async () => {
    const test = await testNode({
      policies: [
        { ...RAW, keepNewest: 1 },
        { id: 'size', match: '**', maxBytes: 15, minAge: 0 },
      ],
    })
    await series(test, 'a', 4)
    // Over maxBytes until one is left; the newest stays for the other policy as well.
    expect(await due(test)).toEqual(['a/0', 'a/1', 'a/2'])
    await test.write('b/new', NOW, { namespace: 'b' })
    expect(await due(test)).not.toContain('b/new')
  })
})

describe('the policies that a request is about', () => {
  it('[R-12] decide anew when a chunk is about to go: what only others let go stays', async () => {
    const old = { maxAge: '90d', minAge: 0 } as const
    const test = await testNode({ policies: [{ id: 'all', match: '**', ...old }], eraseDelay: '1h' })
    const policies = test.node.service('retention')
    for (const id of ['x', 'y']) await policies.set({ id, match: `${id}/**`, ...old })
    for (const path of ['x/1', 'y/1']) await test.write(path, OLD, { namespace: 'ns' })
    const plan = await test.node.jobs.plan('retention', { policies: ['x', 'y'] })
    expect(plan.totals.files).toBe(2)
    await policies.remove('x')
    const run = await test.node.jobs.run('retention', { plan: plan.id, act: true })
    expect(run).toMatchObject({ done: { files: 1 }, skipped: { 'kept by a policy': 1 } })
    expect(test.listed()).toEqual(['x/1'])
  })
})

describe('what is no policy', () => {
  it.each<[string, object]>([
    ['it has no match and no namespace', { match: undefined }],
    ['it has no maxAge and no maxBytes', { maxAge: undefined }],
    ['maxAge is -1, but', { maxAge: -1 }],
    ['maxAge is not longer than buffer', { maxAge: 0 }],
    ['maxBytes is -1, but', { maxBytes: -1 }],
    ['maxBytes is "ten", but', { maxBytes: 'ten' }],
    ['keepNewest is -1, but', { keepNewest: -1 }],
    ['keepNewest is 1.5, but', { keepNewest: 1.5 }],
    ['minAge is -1, but', { minAge: -1 }],
    ['buffer is -1, but', { buffer: -1 }],
    ['its buffer is added to maxAge, which it has not', { maxAge: undefined, maxBytes: 1, buffer: 1 }],
    ['overrides is not a list of ids', { overrides: 'all' }],
    ['it overrides itself', { overrides: ['raw'] }],
    ['it overrides "nobody", which is not there', { overrides: ['nobody'] }],
    ['active is not true or false', { active: 'no' }],
  ])('[R-12] %s', (problem, changed) => {
    expect(messageFor([{ ...RAW, ...changed } as PolicyOptions])).toContain(problem)
  })

  it('[R-12] policies that override each other in a ring are refused', () => {
    const ring = [
      { ...RAW, overrides: ['b'] },
      { ...RAW, id: 'b', overrides: ['c'] },
      { ...RAW, id: 'c', overrides: ['raw'] },
    ]
    expect(messageFor(ring)).toContain('policy raw: it overrides itself by way of others')
  })
})

function messageFor(policies: readonly PolicyOptions[]): string {
  try {
    createNode({ plugins: [retention({ policies })], log: 'silent' })
    return 'none'
  } catch (error) {
    return (error as HoldfastError).message
  }
}
