import { createIds, createNode, definePlugin, layered, MetricsRegistry } from '@holdfast/core'
import { FakeClock, FaultPlan, faultyBackend, memoryBackend } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { all } from './stub.ts'

const BYTES = new Uint8Array([1, 2, 3])

function storeOf(plan: FaultPlan) {
  return definePlugin({
    name: 'test-store',
    id: 'store',
    version: '1.0.0',
    api: '1.0',
    provides: ['backend'],
    setup: ({ provide }) => provide('backend', () => faultyBackend(memoryBackend(), plan)),
  })
}

describe('the layers together', () => {
  it('[B-06] a node puts them round its backend, and its knobs say how often a call is tried', async () => {
    const plan = new FaultPlan()
    await using node = createNode({ plugins: [storeOf(plan)], storeRetries: 2, log: 'silent' })
    await node.start()
    const storage = node.service('backend')
    plan.arm({ call: 'stat', kind: 'unavailable', times: 2 })
    expect(await storage.stat('k')).toBeUndefined()
    expect(plan.calls('stat')).toBe(3)
    await expect(storage.stat('../k')).rejects.toMatchObject({ code: 'HF_KEY_INVALID' })
    await expect(storage.stat('.holdfast/store')).rejects.toMatchObject({ code: 'HF_KEY_INVALID' })
    expect(plan.calls('stat')).toBe(3)
  })

  it('[B-06] calls are measured as their callers see them, and tries are counted', async () => {
    const [plan, clock, metrics] = [new FaultPlan(), new FakeClock(), new MetricsRegistry()]
    const parts = {
      clock,
      ids: createIds(clock),
      metrics,
      callTimeout: 1000,
      retries: 0,
      rate: 'off',
    } as const
    const backend = layered(faultyBackend(memoryBackend(), plan), parts)
    await backend.write('k', BYTES)
    await all(await backend.read('k'))
    await all(backend.list())
    plan.arm({ call: 'stat', kind: 'throttled' })
    await expect(backend.stat('k')).rejects.toMatchObject({ kind: 'throttled' })
    await expect(backend.stat('')).rejects.toMatchObject({ code: 'HF_KEY_INVALID' })
    const series = (name: string) => metrics.snapshot().find((metric) => metric.name === name)?.series ?? []
    const seconds = series('holdfast_backend_seconds').map(({ labels, count }) => [
      labels.call,
      labels.result,
      count,
    ])
    expect(seconds.sort()).toEqual([
      ['list', 'ok', 2],
      ['read', 'ok', 1],
      ['stat', 'throttled', 1],
      ['write', 'ok', 1],
    ])
    expect(series('holdfast_backend_bytes_total').map(({ labels, value }) => [labels.call, value])).toEqual([
      ['write', 3],
      ['read', 3],
    ])
  })

  it('[K-10] the pace is adaptive, off, or a number of requests, from every place', () => {
    const node = (storeRate: unknown, env = {}) =>
      createNode({ plugins: [], storeRate: storeRate as never, env })
        .explainConfig()
        .find(({ knob }) => knob === 'storeRate')?.value
    expect(node(undefined)).toBe('adaptive')
    expect(node('off')).toBe('off')
    expect(node(250)).toBe(250)
    expect(node(undefined, { HOLDFAST_NODE_STORE_RATE: '40' })).toBe(40)
    for (const wrong of [0, -1, 1.5, 'fast']) expect(() => node(wrong)).toThrow(/storeRate/)
  })
})
