import { describe, expect, it } from 'vitest'
import { condemn, register, testNode } from './support.ts'

describe('names as long as they may be', () => {
  it('[M-03] a path, a key and a namespace of 1024 bytes fit into every index', async () => {
    const { outcome, manifest } = await testNode()
    const path = `${'f'.repeat(200)}/${'é'.repeat(411)}x`
    expect(Buffer.byteLength(path)).toBe(1024)
    const namespace = 'n'.repeat(1024)
    expect(await outcome(register(path, { namespace, maxTime: 5, metadata: { a: 'x'.repeat(4000) } }))).toBe(
      'done',
    )
    expect(manifest.entriesByAge({ namespace, before: 6 }).items).toHaveLength(1)
    expect(await outcome(condemn(path, 1))).toBe('done')
    expect(manifest.condemned({ prefix: 'f' }).items).toHaveLength(1)
    expect(manifest.check()).toEqual([])
  })
})
