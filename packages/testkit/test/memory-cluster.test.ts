import { existsSync } from 'node:fs'
import { hasCode } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { type MemoryCluster, type MemoryClusterOptions, memoryCluster } from '@holdfast/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'

async function started(options: Partial<MemoryClusterOptions> = {}): Promise<MemoryCluster> {
  const cluster = await memoryCluster({ plugins: ({ dataDir }) => [manifest({ dataDir })], ...options })
  onTestFinished(() => cluster[Symbol.asyncDispose]())
  return cluster
}

describe('a cluster in memory', () => {
  it('[T-01] has nodes of their own over one log', async () => {
    const cluster = await started({ nodes: ['a', 'b'] })
    await cluster.node('a').node.files.write('x', 'x')
    await cluster.settle()
    expect(await cluster.node('b').node.files.stat('x')).toBeDefined()
    expect(cluster.node('a').objects).not.toBe(cluster.node('b').objects)
    expect(cluster.node('a').dataDir).not.toBe(cluster.node('b').dataDir)
    expect(() => cluster.node('c')).toThrow(TypeError)
  })

  it('[T-01] shares a store on demand, and every node may write to it', async () => {
    const cluster = await started({ topology: 'shared' })
    for (const node of cluster.nodes) await node.node.files.write(node.id, node.id)
    await cluster.settle()
    for (const node of cluster.nodes)
      for (const { id } of cluster.nodes) {
        const parts: Uint8Array[] = []
        for await (const part of await node.node.files.read(id)) parts.push(part)
        expect(Buffer.concat(parts).toString()).toBe(id)
      }
  })

  it('[T-01] cuts one node off, and only that one', async () => {
    const cluster = await started()
    const [one, two] = cluster.nodes
    const cut = one!.partition()
    expect(one!.isCut).toBe(true)
    await expect(one!.node.service('manifest').barrier()).rejects.toSatisfy((error) =>
      hasCode(error, 'HF_LOG_UNAVAILABLE'),
    )
    await two!.node.service('manifest').barrier()
    cut[Symbol.dispose]()
    cut[Symbol.dispose]()
    expect(one!.isCut).toBe(false)
    await one!.node.service('manifest').barrier()
  })

  it('[T-01] delays one node by its own clock', async () => {
    const cluster = await started()
    const [one] = cluster.nodes
    using _slow = one!.delay(500)
    let done = false
    const barrier = one!.node
      .service('manifest')
      .barrier()
      .then(() => {
        done = true
      })
    await one!.clock.advance(400)
    expect(done).toBe(false)
    await one!.clock.advance(1000)
    await barrier
  })

  it('[T-01] appoints, through any node that hears the log, one tenure after the other', async () => {
    const cluster = await started()
    const [one, two] = cluster.nodes
    expect(await cluster.appoint('primary', one!)).toBe(1)
    expect(await cluster.appoint('primary', two!, one!)).toBe(2)
    expect(await cluster.appoint('primary', 'nobody')).toBe(3)
    await cluster.settle()
    expect(two!.node.service('manifest').role('primary')).toEqual({
      name: 'primary',
      holder: 'nobody',
      epoch: 3,
    })
  })

  it('[T-01] kills a node: what its disk held is what the next life finds, and the old one reaches nothing', async () => {
    const cluster = await started()
    const [one] = cluster.nodes
    await one!.node.files.write('x', 'x')
    const old = one!.node
    const folder = one!.dataDir
    const { digest } = old.service('manifest').head()
    await one!.kill()
    expect(one!.running).toBe(false)
    expect(() => one!.node).toThrow(TypeError)
    await one!.start()
    expect(one!.node).not.toBe(old)
    expect(one!.dataDir).not.toBe(folder)
    expect(one!.node.service('manifest').head().digest).toBe(digest)
    await one!.node.files.write('y', 'y')
  })

  it('[T-01] truncates the log, and a node that was left behind installs from another', async () => {
    const cluster = await started({ nodes: 2 })
    const [one, two] = cluster.nodes
    await two!.stop()
    for (const name of ['a', 'b', 'c']) await one!.node.files.write(name, name)
    cluster.truncate({ keep: 1 })
    expect(cluster.log.floor.index).toBe(2)
    await two!.start()
    await expect(two!.node.service('manifest').barrier()).rejects.toSatisfy((error) =>
      hasCode(error, 'HF_LOG_GAP'),
    )
    await two!.install(one!)
    await cluster.settle()
    expect(two!.node.service('manifest').head()).toEqual(one!.node.service('manifest').head())
  })

  it('[T-01] leaves nothing behind', async () => {
    const cluster = await started()
    const { dataDir } = cluster.nodes[0]!
    await cluster[Symbol.asyncDispose]()
    expect(existsSync(dataDir)).toBe(false)
  })
})
