import { type Backend, isHoldfastError } from '@holdfast/core'
import {
  backendMemory,
  createTestNode,
  describeBackend,
  FAULTY_CALLS,
  FaultPlan,
  type FaultyCall,
  faultyBackend,
  memoryBackend,
  withFaults,
} from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'

// The layer by itself changes nothing.
describeBackend('memory behind a fault plan without faults', async () => ({
  backend: faultyBackend(memoryBackend(), new FaultPlan()),
  dispose: async () => undefined,
}))

async function keysOf(backend: Backend): Promise<string[]> {
  const found: string[] = []
  for await (const { keys } of backend.list()) found.push(...keys)
  return found
}

const CALLS: Readonly<Record<FaultyCall, (backend: Backend) => Promise<unknown>>> = {
  write: (backend) => backend.write('a', Buffer.from('a')),
  read: (backend) => backend.read('a'),
  stat: (backend) => backend.stat('a'),
  list: (backend) => keysOf(backend),
  delete: (backend) => backend.delete([{ key: 'a' }]),
}
const kindOf = (call: Promise<unknown>) =>
  call.then(
    () => 'works',
    (error: unknown) => (isHoldfastError(error) ? error.kind : 'uncoded'),
  )

async function written(...keys: string[]) {
  const plan = new FaultPlan()
  const backend = faultyBackend(memoryBackend(), plan)
  for (const key of keys) await backend.write(key, Buffer.from(key))
  return { plan, backend }
}

describe('faults', () => {
  it.each(FAULTY_CALLS)(
    '[B-06] one %s fails with the kind that was asked for, and the next one works',
    async (call) => {
      const { plan, backend } = await written('a')
      plan.arm({ call, kind: 'throttled' })
      const outcomes = [await kindOf(CALLS[call](backend)), await kindOf(CALLS[call](backend))]
      expect(outcomes).toEqual(['throttled', 'works'])
      expect(plan.hits).toBe(1)
    },
  )

  it('[B-06] a fault may come later, last, and be taken back', async () => {
    const { plan, backend } = await written('a')
    const stat = () => kindOf(backend.stat('a'))
    {
      using _ = plan.arm({ call: 'stat', kind: 'permission', skip: 1, times: Number.POSITIVE_INFINITY })
      expect([await stat(), await stat(), await stat()]).toEqual(['works', 'permission', 'permission'])
    }
    expect(await stat()).toBe('works')
    expect(plan.calls('stat')).toBe(4)
  })

  it('[B-06] a write that fails leaves nothing; a delete may fail in part, in the order of its targets', async () => {
    const { plan, backend } = await written('a', 'b', 'c')
    plan.arm({ call: 'write', kind: 'no_space' })
    expect(await kindOf(backend.write('d', Buffer.from('d')))).toBe('no_space')
    expect(await backend.stat('d')).toBeUndefined()
    plan.arm({ call: 'delete', kind: 'unavailable', partial: (index) => index !== 1 })
    const targets = ['a', 'b', 'c'].map((key) => ({ key }))
    expect(await backend.delete(targets)).toMatchObject([
      { key: 'a', status: 'failed', error: { kind: 'unavailable' } },
      { key: 'b', status: 'gone' },
      { key: 'c', status: 'failed' },
    ])
    expect(await keysOf(backend)).toEqual(['a', 'c'])
  })

  it('[B-06] as a plugin, around any plugin that provides a backend', async () => {
    const plan = new FaultPlan()
    await using test = await createTestNode({ plugins: [withFaults(backendMemory(), plan)] })
    plan.arm({ call: 'write', kind: 'throttled' })
    const storage = test.node.service('backend')
    expect(await kindOf(storage.write('a', Buffer.from('a')))).toBe('throttled')
    expect(await kindOf(storage.write('a', Buffer.from('a')))).toBe('works')
  })
})
