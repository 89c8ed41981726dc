import { createNode, type HoldScope } from '@holdfast/core'
import { retention } from '@holdfast/plugin-retention'
import { describe, expect, it } from 'vitest'
import { DAY, NOW, RAW, testNode } from './support.ts'

const OLD = NOW - 100 * DAY
const HOUR = 3_600_000

describe('what is held', () => {
  it.each<[string, HoldScope]>([
    ['path', { path: 'a/held' }],
    ['folder', { folder: 'a' }],
    ['namespace', { namespace: 'ns' }],
  ])(
    '[R-18] by its %s is never condemned: not by a run, a delete, a write or a replacement; reports say so',
    async (_, scope) => {
      const test = await testNode({ eraseDelay: '1h' })
      const { files, jobs } = test.node
      await test.write('a/held', OLD, { namespace: 'ns' })
      await test.write('b/free', OLD, { namespace: 'other' })
      await test.manifest.holds.hold({ id: 'h', scope, owner: 'law' })
      const plan = await jobs.plan('retention')
      expect(plan).toMatchObject({ totals: { files: 1 }, kept: { held: 1 } })
      expect(await jobs.run('retention', { act: true })).toMatchObject({
        done: { files: 1 },
        kept: { held: 1 },
      })
      for (const call of [
        () => files.delete('a/held'),
        () => files.write('a/held', 'new'),
        () => files.replace({ inputs: ['a/held'], outputs: [{ path: 'a/new', source: 'new' }] }),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'HF_HELD' })
      expect(test.listed()).toEqual(['a/held'])
      await test.manifest.holds.release('h')
      expect((await jobs.run('retention', { act: true })).done.files).toBe(1)
    },
  )

  it('[R-18] a hold that comes between the plan and the chunk is obeyed, and counted', async () => {
    const test = await testNode()
    await test.write('a/1', OLD)
    await test.write('a/2', OLD)
    test.failpoints.arm('job.chunk.before', {
      kind: 'callback',
      call: async () => void (await test.manifest.holds.hold({ scope: { path: 'a/1' }, owner: 'law' })),
    })
    expect(await test.node.jobs.run('retention', { act: true })).toMatchObject({
      done: { files: 1 },
      skipped: { held: 1 },
    })
    expect(test.listed()).toEqual(['a/1'])
  })

  it('[R-18] a hold on a run keeps the bytes of all that it condemned, until its end', async () => {
    const test = await testNode({ eraseDelay: '1h' })
    const key = await test.write('a/1', OLD)
    const { id } = await test.node.jobs.run('retention', { act: true })
    await test.manifest.holds.hold({ scope: { run: id }, owner: 'law', expiresAt: NOW + 3 * HOUR })
    await test.clock.advance(2 * HOUR)
    expect(await test.node.eraser.drain()).toMatchObject({ erased: 0, held: 1 })
    expect(test.stored()).toEqual([key])
    await test.clock.advance(HOUR)
    await test.node.eraser.drain()
    expect(test.stored()).toEqual([])
  })
})

describe('undo', () => {
  it('[R-16] brings back all of a run, whole, also after a restart; what was not its own stays', async () => {
    const first = await testNode({ eraseDelay: '2h' })
    for (const name of ['a/1', 'a/2', 'b/1']) await first.write(name, OLD, { rows: 3 })
    await first.write('b/young', NOW)
    const shown = ({ node }: typeof first) =>
      Promise.all(
        ['a/1', 'a/2', 'b/1'].map(async (path) => ({ ...(await node.files.stat(path)), generation: 0 })),
      )
    const before = await shown(first)
    const { id } = await first.node.jobs.run('retention', { act: true })
    await first.node.files.delete('b/young')
    const second = await first.restart()
    await second.clock.advance(HOUR)
    await second.node.eraser.drain()
    expect(await second.node.files.undo({ run: id })).toMatchObject({ files: 3, skipped: {} })
    expect(await shown(second)).toEqual(before)
    expect(second.listed()).toEqual(['a/1', 'a/2', 'b/1'])
  })

  it('[R-09] by the service it names the policies that had taken the files, by run and by path', async () => {
    const test = await testNode({
      policies: [RAW, { ...RAW, id: 'short', match: 'a/**', maxAge: '1d' }],
      eraseDelay: '2h',
    })
    for (const name of ['a/1', 'a/2', 'b/1', 'b/2']) await test.write(name, OLD)
    const retention = test.node.service('retention')
    const { id } = await test.node.jobs.run('retention', { act: true })
    expect(await retention.undo('a/2')).toEqual({
      files: 1,
      skipped: {},
      samples: [],
      reasons: { 'retention:raw+short': 1 },
      policies: ['raw', 'short'],
    })
    // One that cannot come back is not among them.
    await test.write('b/2', NOW)
    expect(await retention.undo({ run: id })).toMatchObject({
      files: 2,
      skipped: { HF_PATH_EXISTS: 1 },
      reasons: { 'retention:raw+short': 1, 'retention:raw': 1 },
      policies: ['raw', 'short'],
    })
    expect(await retention.undo({ run: id })).toMatchObject({ files: 0, reasons: {}, policies: [] })
    await test.node.files.delete('b/1')
    expect(await retention.undo('b/1')).toMatchObject({ files: 1, policies: [] })
    await expect(retention.undo('none')).rejects.toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
    expect(test.listed()).toEqual(['a/1', 'a/2', 'b/1', 'b/2'])
  })

  it('[R-16] the erase delay goes on across a restart: not earlier, and not anew', async () => {
    const first = await testNode({ eraseDelay: '2h' })
    const key = await first.write('a/1', OLD)
    await first.node.jobs.run('retention', { act: true })
    await first.clock.advance(HOUR)
    const second = await first.restart()
    await second.clock.advance(HOUR - 1)
    await second.node.eraser.drain()
    expect(second.stored()).toEqual([key])
    await second.clock.advance(1)
    await second.node.eraser.drain()
    expect(second.stored()).toEqual([])
    await expect(second.node.files.undo({ key })).rejects.toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
  })

  it('[R-16] the delay is an hour when nobody says otherwise, and must be said to be none', async () => {
    const unset = await testNode({ eraseDelay: undefined as never })
    await unset.write('a/1', OLD)
    await unset.node.jobs.run('retention', { act: true })
    expect(unset.manifest.condemned().items).toMatchObject([{ notBefore: NOW + HOUR }])
    expect(() => createNode({ plugins: [retention({ eraseDelay: -1 })], log: 'silent' })).toThrow(
      'eraseDelay',
    )
  })
})
