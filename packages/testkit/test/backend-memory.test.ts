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

// As many as there are: one that got lost would otherwise not be missed.
const cases = {
  'round trip': 6,
  'atomic writes': 10,
  'exclusive writes': 4,
  listing: 8,
  deletion: 9,
  errors: 6,
  capabilities: 5,
}

describeBackend('memory', factory(), { cases })

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
  { cases },
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
