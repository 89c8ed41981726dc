import { describe, expect, it } from 'vitest'
import { dueRow, replacementRow } from '../../src/format/rows.ts'
import { spoil } from '../spoil.ts'
import { rowNamed, T0 } from '../support.ts'
import { manifestOf, nodesOf, opened, testCluster } from './support.ts'

describe('the eraser of a node that shares its log', () => {
  it('[M-17] proposes nothing that this node could not apply: what it cannot read stays, the others go', async () => {
    const cluster = await testCluster({ topology: 'shared', erasing: true })
    const [one, two] = nodesOf(cluster)
    const names = ['a/1', 'a/2', 'b/1', 'c/1', 'c/2']
    const keys = []
    for (const name of names) keys.push((await one.node.files.write(name, name)).key)
    // An overwrite: its row of the replacement is read when the old key is doomed.
    await one.node.files.write('c/2', 'new', { delay: 0 })
    for (const name of names.slice(0, 4)) await one.node.files.delete(name, { delay: 0 })
    await cluster.settle()
    const replaced = manifestOf(one).key(keys[4]!)
    if (replaced?.state !== 'condemned') throw new Error('it is not condemned')
    for (const row of [rowNamed('k', keys[0]!), rowNamed('f', 'b'), replacementRow(replaced.generation)])
      spoil(one, row)
    await cluster.appoint('sweeper', one)
    const { setAside } = await one.node.eraser.drain()
    expect(setAside.map(({ key }) => key).sort()).toEqual([keys[0], keys[2], keys[4]])
    for (const at of [1, 3]) expect(manifestOf(one).key(keys[at]!)?.state).toBe('gone')
    expect(opened(one).committer.broken).toBeUndefined()
    await cluster.settle()
    for (const at of [0, 4]) expect(manifestOf(two).key(keys[at]!)?.state).toBe('condemned')
    // Its folder's row is needed for the end only.
    expect(manifestOf(two).key(keys[2]!)?.state).toBe('doomed')
    expect(one.objects.byKey.has(keys[2]!)).toBe(true)
  })

  it('[M-17] a damaged row far above stops only what is the last in its folder', async () => {
    const cluster = await testCluster({ topology: 'shared', erasing: true })
    const [one] = nodesOf(cluster)
    const names = ['top/a/1', 'top/a/2', 'top/b/1', 'z/1']
    const keys = []
    for (const name of names) keys.push((await one.node.files.write(name, name)).key)
    for (const name of names) await one.node.files.delete(name, { delay: 0 })
    await cluster.settle()
    spoil(one, rowNamed('f', 'top'))
    await cluster.appoint('sweeper', one)
    const { setAside, waiting } = await one.node.eraser.drain()
    expect(setAside.map(({ key }) => key).sort()).toEqual([keys[1], keys[2]])
    expect([waiting, one.node.eraser.backlog()]).toEqual([0, 0])
    for (const at of [0, 3]) expect(manifestOf(one).key(keys[at]!)?.state).toBe('gone')
    for (const at of [1, 2]) expect(one.objects.byKey.has(keys[at]!)).toBe(true)
    expect(opened(one).committer.broken).toBeUndefined()
  })

  it('[M-17] where each node has a disk, a queued key whose due row is damaged does not wait', async () => {
    const cluster = await testCluster({ erasing: true })
    const [one] = nodesOf(cluster)
    await cluster.appoint('sweeper', one)
    const { key } = await one.node.files.write('a', 'bytes')
    await cluster.settle()
    const { committer, eraseQueue, failpoints, state } = opened(one)
    const [from, to] = [dueRow('doomed', 0, ''), dueRow('gone', 0, '')]
    failpoints.arm('eraser.doom.after', {
      kind: 'callback',
      call: () => {
        spoil(one, state.rows.names(from, to, 1)[0]!)
        const wait = { key, since: T0, attempts: 1, nextTry: T0 + 60_000 }
        return committer.local(() => eraseQueue.put(wait))
      },
    })
    await one.node.files.delete('a', { delay: 0 })
    const { setAside, waiting } = await one.node.eraser.drain()
    expect(setAside).toMatchObject([{ key }])
    expect([waiting, one.node.eraser.backlog()]).toEqual([0, 0])
    expect(one.objects.byKey.has(key)).toBe(true)
  })
})
