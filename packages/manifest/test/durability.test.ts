import { describe, expect, it } from 'vitest'
import { condemn, doom, register, testNode } from './support.ts'

describe('what is committed', () => {
  it('[M-04] is there after a restart, to the last row', async () => {
    const first = await testNode()
    await first.commit(
      register('a/x', { maxTime: 1 }),
      register('a/y'),
      register('b/z', { namespace: 'other' }),
    )
    await first.commit(condemn('a/y', 2, { delay: 1000 }), condemn('b/z', 3, { delay: 60_000 }))
    const [head, digest, condemned] = [
      first.manifest.head(),
      first.manifest.contentDigest(),
      first.manifest.condemned(),
    ]
    const second = await first.restart()
    expect(second.manifest.head()).toEqual(head)
    expect(second.manifest.contentDigest()).toBe(digest)
    expect(second.manifest.condemned()).toEqual(condemned)
  })

  it('[M-04] a batch that was answered before is known after a restart', async () => {
    const first = await testNode()
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    await first.manifest.commit({ id, ops: [register('a/x')] })
    const second = await first.restart()
    expect(await second.manifest.commit({ id, ops: [register('a/x')] })).toMatchObject({ status: 'repeated' })
  })

  it('[M-11] the queue survives a restart', async () => {
    const first = await testNode({ plugins: [] })
    await first.commit(register('a/x'))
    await first.commit(condemn('a/x', 1, { delay: 60_000 }))
    const second = await first.restart()
    second.clock.setWall(second.clock.now() + 60_000)
    expect(await second.outcome(doom('a/x'))).toBe('done')
    expect(second.eraser.queue().map(({ key }) => key)).toEqual(['a/x'])
  })
})
