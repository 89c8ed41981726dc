import type { Hold } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { condemn, doom, hold, key, path, register, T0, testNode } from './support.ts'

describe('the holds of a manifest', () => {
  it('[M-12] a hold is set, listed, found by what it covers, and released', async () => {
    const { manifest, files, clock } = await testNode()
    const { holds } = manifest
    const entry = await files.write('a/x', 'x', { namespace: 'n' })
    const one = await holds.hold({ scope: { folder: 'a' }, owner: 'legal' })
    expect(one).toMatchObject({ scope: { folder: 'a' }, owner: 'legal', doomed: 0 })
    await holds.hold({ id: 'two', scope: { namespace: 'n' }, owner: 'copy', expiresAt: T0 + 1000 })
    await holds.hold({ id: 'far', scope: { path: 'b' }, owner: 'copy' })
    expect(holds.list().map(({ owner }) => owner)).toEqual(['legal', 'copy', 'copy'])
    const ids = (file: Parameters<typeof holds.covering>[0]) => holds.covering(file).map(({ id }) => id)
    expect(ids({ path: path('a/x') })).toEqual([one.id, 'two'])
    expect(ids({ key: entry.key })).toEqual([one.id, 'two'])
    expect(ids({ path: path('a/later') })).toEqual([one.id])
    expect(ids({ key: key('unknown') })).toEqual([])
    clock.setWall(T0 + 1000)
    expect(ids({ key: entry.key })).toEqual([one.id])
    expect(await holds.release(one.id)).toBe(true)
    expect(await holds.release(one.id)).toBe(false)
    await files.delete('a/x')
    expect(ids({ key: entry.key })).toEqual([])
    expect(holds.list()).toHaveLength(2)
  })

  it('[M-12] a hold is replaced and released on what was seen, also when somebody else comes at the same time', async () => {
    const { manifest, restart } = await testNode()
    const { holds } = manifest
    const [seen, more] = [{ folder: 'a' }, { folder: 'b' }].map((scope) => ({
      id: 'h',
      scope,
      owner: 'o',
    })) as [Hold, Hold]
    await holds.hold(seen, { current: null })
    // Both have seen the same; what the first has set, the second has not.
    const changed = { code: 'HF_INPUT_CHANGED', kind: 'conflict', context: { id: 'h', hold: more } }
    const [, ...late] = await Promise.allSettled([
      holds.hold(more, { current: seen }),
      holds.release('h', { current: seen }),
      holds.hold(seen, { current: seen }),
      holds.hold(seen, { current: null }),
    ])
    expect(late).toMatchObject(late.map(() => ({ status: 'rejected', reason: changed })))
    expect(holds.list()).toEqual([more])
    const again = await restart()
    expect(again.manifest.holds.list()).toEqual([more])
    expect(await again.manifest.holds.release('h', { current: more })).toBe(true)
    expect(await again.manifest.holds.release('h', { current: more })).toBe(false)
  })

  it('[M-12] holds that cannot be are refused', async () => {
    const { manifest, files, commit } = await testNode()
    const refused = (of: Parameters<typeof manifest.holds.hold>[0], code: string) =>
      expect(manifest.holds.hold(of)).rejects.toMatchObject({ code })
    await refused({ scope: { path: '../x' }, owner: 'o' }, 'HF_OPTION_INVALID')
    await refused({ scope: {} as never, owner: 'o' }, 'HF_OPTION_INVALID')
    await refused({ scope: { path: 'a', folder: 'b' }, owner: 'o' }, 'HF_OPTION_INVALID')
    await refused({ scope: { path: 'a' }, owner: '' }, 'HF_OPTION_INVALID')
    await refused({ scope: { path: 'a' }, owner: 'o', expiresAt: T0 }, 'HF_OPTION_INVALID')
    const { key: name } = await files.write('a', 'x')
    await files.delete('a', { delay: 0 })
    await commit(doom(name))
    await refused({ scope: { path: 'a' }, owner: 'o' }, 'HF_DOOMED')
    expect(manifest.holds.list()).toEqual([])
  })
})

describe('the eraser and holds', () => {
  it('[M-12] a held file waits, as drain says, and goes when it is released', async () => {
    const { files, eraser, manifest, clock, objects } = await testNode({ erasing: true })
    const one = await files.write('a/x', 'x')
    const other = await files.write('b/x', 'x')
    await files.delete('a/x', { delay: 1000 })
    await files.delete('b/x', { delay: 1000 })
    await manifest.holds.hold({ id: 'h', scope: { folder: 'a' }, owner: 'o' })
    expect(await eraser.drain()).toMatchObject({ erased: 0, held: 0 })
    clock.setWall(T0 + 1000)
    expect(await eraser.drain()).toEqual({ erased: 1, setAside: [], waiting: 0, held: 1 })
    expect([one, other].map(({ key: name }) => objects.byKey.has(name))).toEqual([true, false])
    expect(await manifest.holds.release('h')).toBe(true)
    await eraser.drain()
    expect(objects.byKey.has(one.key)).toBe(false)
  })

  it('[M-12] what is due and held is passed by, counted, and no burden to others', async () => {
    const { files, eraser, manifest, clock, commit, outcome } = await testNode({ erasing: true })
    const names = Array.from({ length: 2500 }, (_, at) => `h/${String(at).padStart(4, '0')}`)
    for (let from = 0; from < names.length; from += 500)
      await commit(...names.slice(from, from + 500).map((name) => register(name)))
    for (let from = 0; from < names.length; from += 500)
      await commit(
        ...names.slice(from, from + 500).map((name, at) => condemn(name, from + at + 1, { delay: 1000 })),
      )
    await manifest.holds.hold({ id: 'h', scope: { folder: 'h' }, owner: 'o' })
    clock.setWall(T0 + 1000)
    expect(await eraser.drain()).toEqual({ erased: 0, setAside: [], waiting: 0, held: 2500 })
    clock.setWall(T0 + 1001)
    const { key: name } = await files.write('free', 'x')
    await files.delete('free', { delay: 0 })
    expect((await eraser.drain()).held).toBe(2500)
    expect(manifest.key(name)?.state).toBe('gone')
    expect(eraser.backlog()).toBe(0)
    // Due after those, and before them by its key.
    await outcome(register('a'))
    await files.delete('a', { delay: 0 })
    await eraser.drain()
    expect(manifest.key(key('a'))?.state).toBe('gone')
    await manifest.holds.release('h')
    expect((await eraser.drain()).held).toBe(0)
    expect(manifest.key(key('h/2499'))?.state).toBe('gone')
    expect(manifest.check()).toEqual([])
  }, 60_000)

  it('[M-12] what a hold kept goes by itself when the hold ends', async () => {
    const { files, manifest, clock, objects } = await testNode({ erasing: true })
    const { key: name } = await files.write('a/x', 'x')
    await manifest.holds.hold({ scope: { key: 'b' }, owner: 'o' })
    await files.delete('a/x', { delay: 1000 })
    await manifest.holds.hold({ scope: { path: 'a/x' }, owner: 'o', expiresAt: T0 + 5000 })
    await clock.advance(4999)
    expect(manifest.key(name)?.state).toBe('condemned')
    await clock.advance(1)
    await expect.poll(() => manifest.key(name)?.state).toBe('gone')
    expect(objects.byKey.has(name)).toBe(false)
  })

  it('[M-12] a hold that comes between the look and the doom is obeyed', async () => {
    const { files, eraser, manifest, failpoints, outcome, objects } = await testNode({ erasing: true })
    const { key: name } = await files.write('a/x', 'x')
    using _hold = failpoints.arm('eraser.doom.before', {
      kind: 'callback',
      call: async () => void (await outcome(hold('h', { key: name }))),
    })
    await files.delete('a/x', { delay: 0 })
    expect(await eraser.drain()).toMatchObject({ erased: 0, held: 1 })
    expect(manifest.key(name)?.state).toBe('condemned')
    expect(objects.byKey.has(name)).toBe(true)
  })
})
