import { type Backend, isHoldfastError, type ListPage } from '@holdfast/core'
import {
  backendMemory,
  createTestNode,
  describeBackend,
  FAULTY_CALLS,
  FakeClock,
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
  reopen: 'none',
  litter: 'none',
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

  it('[B-06] a call whose answer is lost is done', async () => {
    const { plan, backend } = await written('a')
    plan.arm({ call: 'write', lost: 'unavailable' })
    expect(await kindOf(backend.write('b', Buffer.from('b')))).toBe('unavailable')
    expect(await keysOf(backend)).toEqual(['a', 'b'])
    plan.arm({ call: 'delete', lost: 'throttled' })
    expect(await kindOf(backend.delete([{ key: 'a' }]))).toBe('throttled')
    expect(await keysOf(backend)).toEqual(['b'])
  })

  it('[B-06] a call that is delayed begins later, or not at all', async () => {
    const [plan, clock] = [new FaultPlan(), new FakeClock()]
    const backend = faultyBackend(memoryBackend(), plan, clock)
    plan.arm({ call: 'write', delay: 500, times: 2 })
    const write = backend.write('a', Buffer.from('a'))
    await clock.advance(499)
    expect(await keysOf(backend)).toEqual([])
    await clock.advance(1)
    await write
    const controller = new AbortController()
    const cancelled = kindOf(backend.write('b', Buffer.from('b'), { signal: controller.signal }))
    controller.abort()
    expect(await cancelled).toBe('aborted')
    expect(await keysOf(backend)).toEqual(['a'])
  })

  it('[B-04] a listing may come in short pages, with the same columns', async () => {
    const { plan, backend } = await written('a', 'b', 'c')
    plan.arm({ call: 'list', pageKeys: 2 })
    const pages: ListPage[] = []
    for await (const page of backend.list({ fields: ['sizes'] })) pages.push(page)
    expect(pages).toEqual([
      { keys: ['a', 'b'], sizes: [1, 1] },
      { keys: ['c'], sizes: [1] },
    ])
  })

  it('[B-04] a stale listing knows nothing of what came, and shows what went', async () => {
    const { plan, backend } = await written('a', 'b')
    using _stale = plan.arm({ call: 'list', stale: true, times: 2 })
    await new Promise((resolve) => setImmediate(resolve))
    await backend.delete([{ key: 'a' }])
    await backend.write('c', Buffer.from('c'))
    expect(await keysOf(backend)).toEqual(['a', 'b'])
    const after: string[] = []
    for await (const { keys } of backend.list({ after: 'a' })) after.push(...keys)
    expect(after).toEqual(['b'])
    expect(await keysOf(backend)).toEqual(['b', 'c'])
  })

  it('[B-06] a stale listing is cancelled as any other', async () => {
    const { plan, backend } = await written('a')
    using _stale = plan.arm({ call: 'list', stale: true, times: 2 })
    const controller = new AbortController()
    const { signal } = controller
    const listing = backend.list({ signal })[Symbol.asyncIterator]()
    expect((await listing.next()).value).toMatchObject({ keys: ['a'] })
    controller.abort()
    expect(await kindOf(listing.next())).toBe('aborted')
    expect(await kindOf(backend.list({ signal })[Symbol.asyncIterator]().next())).toBe('aborted')
  })

  it('[B-04] a store whose clock is wrong tells wrong times of change', async () => {
    const { plan, backend } = await written('a')
    const right = await backend.stat('a')
    plan.arm({ call: 'stat', clockOffset: -3_600_000 })
    expect(await backend.stat('a')).toEqual({ ...right, changedAt: (right?.changedAt ?? 0) - 3_600_000 })
    plan.arm({ call: 'list', clockOffset: 5 })
    for await (const { changedAt } of backend.list({ fields: ['changedAt'] }))
      expect(changedAt).toEqual([(right?.changedAt ?? 0) + 5])
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
