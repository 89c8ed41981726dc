import { existsSync } from 'node:fs'
import { definePlugin, type Plugin } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { backendMemory, createTestNode, MemoryObjects, type TestPlugins } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'

const withManifest: TestPlugins = ({ dataDir }) => [manifest({ dataDir, eraseDelay: 0 })]

describe('createTestNode', () => {
  it('[K-04] a started node with a fixed name, whose clock stands still', async () => {
    await using test = await createTestNode({ plugins: withManifest, now: 1_000_000 })
    expect(test.node.id).toBe('node-1')
    const { createdAt } = await test.node.files.write('a', 'a')
    expect(createdAt).toBe(1_000_000)
    await test.clock.advance(5)
    expect((await test.node.files.write('b', 'b')).createdAt).toBe(1_000_005)
  })

  it('[K-04] the next life finds what the one before left, and the last one leaves no folder', async () => {
    let folder: string
    {
      await using test = await createTestNode({ plugins: withManifest })
      await test.node.files.write('a', 'a')
      const before = await test.digest()
      const [first, second] = [test.node, await test.restart()]
      expect(second).not.toBe(first)
      expect(test.node).toBe(second)
      expect(await test.digest()).toEqual(before)
      folder = test.dataDir
      expect(existsSync(folder)).toBe(true)
    }
    expect(existsSync(folder)).toBe(false)
  })

  it('[K-04] a start that fails leaves no folder', async () => {
    let folder = ''
    const failing: Plugin = definePlugin({
      name: 'failing',
      id: 'failing',
      version: '1.0.0',
      api: '1.0',
      setup: ({ onStart }) =>
        onStart(() => {
          throw new Error('no luck')
        }),
    })
    const plugins: TestPlugins = ({ dataDir }) => {
      folder = dataDir
      return [failing]
    }
    await expect(createTestNode({ plugins })).rejects.toThrow('no luck')
    expect(existsSync(folder)).toBe(false)
  })

  it('[M-02] the digests: state sees every change, content compares two nodes', async () => {
    await using one = await createTestNode({ plugins: withManifest })
    await using two = await createTestNode({ plugins: withManifest })
    for (const { node } of [one, two]) await node.files.write('a', 'a')
    expect((await two.digest()).content).toBe((await one.digest()).content)
    const before = await one.digest()
    await one.node.service('backend').write('stray', Buffer.from('x'))
    const after = await one.digest()
    expect([after.state === before.state, after.content === before.content]).toEqual([false, false])
  })

  it('[M-02] a backend of the list is looked at through its own listing', async () => {
    const objects = new MemoryObjects()
    await using test = await createTestNode({
      plugins: ({ dataDir }) => [backendMemory({ objects }), manifest({ dataDir })],
    })
    const before = await test.digest()
    await test.node.files.write('a', 'a')
    expect([...objects.byKey.keys()].some((key) => key.startsWith('a~'))).toBe(true)
    expect(test.objects.byKey.size).toBe(0)
    expect((await test.digest()).state.split(':')[1]).not.toBe(before.state.split(':')[1])
  })
})
