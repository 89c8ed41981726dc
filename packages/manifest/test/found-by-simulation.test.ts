import { Rendezvous } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { manifestOf, nodesOf, opened, testCluster } from './replicated/support.ts'
import { bentBackend, condemn, doom, erased, key, path, register, testNode } from './support.ts'

describe('what simulated lifetimes have found', () => {
  it('[M-13] an undo whose file is doomed while its bytes are looked for says so, not that bytes are missing', async () => {
    let whileLooking = async () => undefined as unknown
    const test = await testNode({
      backend: bentBackend(() => ({
        stat: async () => {
          await whileLooking()
          return undefined
        },
      })),
    })
    const { key } = await test.files.write('a/x', 'x')
    await test.files.delete('a/x', { delay: 0 })
    whileLooking = () => test.commit(doom(key))
    await expect(test.files.undo('a/x')).rejects.toMatchObject({ code: 'HF_DOOMED' })
  })

  it('[M-11] what another node has erased meanwhile does not come back into the queue of this one', async () => {
    const cluster = await testCluster({ topology: 'shared', erasing: true })
    const [one, two] = nodesOf(cluster)
    await cluster.appoint('sweeper', one)
    const { key: name } = await one.node.files.write('a/x', 'x')
    // Somebody reads it at the first node, which therefore would try again later.
    const reading = await one.node.files.read('a/x')
    const rendezvous = new Rendezvous()
    one.failpoints.arm('eraser.delete.before', { kind: 'park', rendezvous })
    await one.node.files.delete('a/x', { delay: 0 })
    await rendezvous.reached
    expect(one.node.eraser.queue()).toMatchObject([{ key: name }])
    await cluster.appoint('sweeper', two, two)
    await expect.poll(() => manifestOf(two).key(name)?.state).toBe('gone')
    await cluster.settle()
    rendezvous.release()
    expect(await one.node.eraser.drain()).toMatchObject({ waiting: 0 })
    expect(one.node.eraser.queue()).toEqual([])
    await reading[Symbol.asyncIterator]().return?.()
  })

  it('[M-11] a node that takes the state of another forgets what the one store has nothing of any more', async () => {
    const { three, take } = await missedErasing('shared')
    expect(three.node.eraser.queue()).toMatchObject([{ key: 'x' }])
    await take()
    expect(three.node.eraser.queue()).toEqual([])
    expect(opened(three).eraseQueue.active).toBe(0)
  })

  it('[M-11] a node that takes the state of another erases from its own disk what is gone everywhere else', async () => {
    const { three, take } = await missedErasing('local', { missDoom: true })
    expect(three.node.eraser.queue()).toEqual([])
    await take()
    expect(three.node.eraser.queue()).toMatchObject([{ key: 'x' }])
    // What it knew to be gone it has dealt with.
    await take()
    expect(three.node.eraser.queue()).toMatchObject([{ key: 'x' }])
  })

  it('[K-09] a state without any record is refused as one that cannot be taken, not as a damaged one', async () => {
    const [one, two] = nodesOf(await testCluster())
    await expect(two.install(one)).rejects.toMatchObject({ code: 'HF_OPTION_INVALID' })
  })

  it('[M-19] a disk that is too full to take the state of another node says so by its code', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    await manifestOf(one).commit({ ops: [register('x')] })
    await cluster.settle()
    const full = (code: string) => () => Object.assign(new Error('the disk says no'), { code })
    two.failpoints.arm('install.page.before', { kind: 'error', error: full('ENOSPC') })
    await expect(two.install(one)).rejects.toMatchObject({ code: 'HF_NO_SPACE' })
    two.failpoints.arm('install.page.before', { kind: 'error', error: full('EROFS') })
    await expect(two.install(one)).rejects.toMatchObject({ code: 'HF_COMMIT_FAILED' })
    await expect(two.install(one)).resolves.toBeUndefined()
  })
})

/** The third node is away while the others erase a file, maybe also while they doom it. */
async function missedErasing(topology: 'shared' | 'local', { missDoom = false } = {}) {
  const cluster = await testCluster({ topology })
  const [one, , three] = nodesOf(cluster)
  await cluster.appoint('sweeper', one)
  const fence = { role: 'sweeper', epoch: 1 }
  await manifestOf(one).commit({ ops: [register('x')] })
  const generation = manifestOf(one).entry(path('x'))?.generation
  await manifestOf(one).commit({ ops: [condemn('x', generation)] })
  if (missDoom) await goAway()
  await manifestOf(one).commit({ ops: [doom('x')], fence })
  if (!missDoom) await goAway()
  await manifestOf(one).commit({ ops: [erased('x', 1_000_000)], fence })
  cluster.truncate()
  await three.start()
  async function goAway() {
    await cluster.settle()
    await three.stop()
  }
  const take = async () => {
    await three.install(one)
    await cluster.settle()
    expect(manifestOf(three).key(key('x'))?.state).toBe('gone')
  }
  return { three, take }
}
