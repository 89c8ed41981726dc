import { createNode } from '@holdfast/core'
import { backendMemory, describeBackend, MemoryObjects, memoryBackend } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'

const factory =
  (capabilities = {}) =>
  async () => {
    const objects = new MemoryObjects()
    const open = () => memoryBackend({ objects, capabilities })
    return {
      backend: open(),
      reopen: async () => open(),
      litter: 'none' as const,
      dispose: async () => objects.byKey.clear(),
    }
  }

describeBackend('memory', factory())

describeBackend(
  'memory with nothing declared',
  factory({
    writeIfAbsent: false,
    readRange: false,
    readIfVersion: false,
    deleteIfVersion: false,
    listVersions: false,
    changedAt: false,
  }),
)

describe('backendMemory', () => {
  it('[B-01] a node writes through it, and the objects outlive the node', async () => {
    const objects = new MemoryObjects()
    const first = await createNode({ id: 'n', plugins: [backendMemory({ objects })], log: 'silent' }).start()
    await first.service('backend').write('key', new Uint8Array([1, 2, 3]))
    await first.stop()
    const second = await createNode({ id: 'n', plugins: [backendMemory({ objects })], log: 'silent' }).start()
    expect(await second.service('backend').stat('key')).toMatchObject({ size: 3 })
    await second.stop()
  })
})
