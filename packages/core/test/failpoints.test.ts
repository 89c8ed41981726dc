import { createNode, type FailpointName, FailpointRegistry, Rendezvous } from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'

declare module '@holdfast/core' {
  interface Failpoints {
    'test.point': true
  }
}

/** With a point of its own: one of the kernel's would count as fired, and its code was not run. */
function registry(): FailpointRegistry {
  const failpoints = new FailpointRegistry()
  failpoints.declare(['test.point'])
  return failpoints
}

describe('failpoints', () => {
  it('[T-04] an armed point fails once, after the passes that it lets go by', async () => {
    const failpoints = registry()
    using _armed = failpoints.arm('test.point', { kind: 'error' }, { skip: 1 })
    await failpoints.hit('test.point')
    await expect(failpoints.hit('test.point')).rejects.toMatchObject({ code: 'HF_FAILPOINT' })
    await failpoints.hit('test.point')
    expect(failpoints.armed).toBe(false)
  })

  it('[T-04] a name that no plugin of the node declares is refused, before and after it is assembled', () => {
    const failpoints = new FailpointRegistry()
    const misspelt = 'job.chunk.befor' as FailpointName
    const create = () => createNode({ plugins: [], log: 'silent', failpoints })
    {
      using _armed = failpoints.arm(misspelt, { kind: 'error' })
      expect(create).toThrow(TypeError)
    }
    create()
    expect(() => failpoints.arm(misspelt, { kind: 'error' })).toThrow(TypeError)
    using _armed = failpoints.arm('job.chunk.before', { kind: 'error' })
    expect(failpoints.armed).toBe(true)
  })

  it.each([{ times: 0 }, { times: -1 }, { times: Number.NaN }, { skip: -1 }, { skip: Number.NaN }])(
    '[T-04] %j is refused',
    (options) => {
      expect(() => registry().arm('test.point', { kind: 'error' }, options)).toThrow(TypeError)
    },
  )

  it('[T-04] a scope that ends leaves what was armed after it', async () => {
    const failpoints = registry()
    const older = failpoints.arm('test.point', { kind: 'error' })
    using _newer = failpoints.arm('test.point', { kind: 'error' })
    older[Symbol.dispose]()
    expect(failpoints.armed).toBe(true)
    await expect(failpoints.hit('test.point')).rejects.toMatchObject({ code: 'HF_FAILPOINT' })
  })

  it('[T-04] a scope disarms', async () => {
    const failpoints = registry()
    {
      using _armed = failpoints.arm('test.point', { kind: 'error', error: () => new Error('mine') })
      expect(failpoints.armed).toBe(true)
    }
    expect(failpoints.armed).toBe(false)
    await expect(failpoints.hit('test.point')).resolves.toBeUndefined()
  })

  it('[T-04] parked code waits for the test, and synchronous code cannot park', async () => {
    const failpoints = registry()
    const rendezvous = new Rendezvous()
    using _armed = failpoints.arm('test.point', { kind: 'park', rendezvous }, { times: 2 })
    let passed = false
    const parked = failpoints.hit('test.point').then(() => {
      passed = true
    })
    await rendezvous.reached
    expect(passed).toBe(false)
    rendezvous.release()
    await parked
    expect(passed).toBe(true)
    expect(() => failpoints.hitSync('test.point')).toThrow(TypeError)
  })

  it('[T-04] a callback runs where the point is, and throws there', async () => {
    const failpoints = registry()
    const seen: string[] = []
    failpoints.arm('test.point', { kind: 'callback', call: () => void seen.push('sync') }, { times: 2 })
    await failpoints.hit('test.point')
    failpoints.hitSync('test.point')
    expect(seen).toEqual(['sync', 'sync'])
    failpoints.arm('test.point', {
      kind: 'callback',
      call: async () => Promise.reject(new Error('mine')),
    })
    await expect(failpoints.hit('test.point')).rejects.toThrow('mine')
  })

  it('[T-04] a delay waits on its clock, and synchronous code cannot wait', async () => {
    const failpoints = registry()
    const clock = new FakeClock()
    failpoints.arm('test.point', { kind: 'delay', ms: 1000, clock }, { times: 2 })
    let passed = false
    const delayed = failpoints.hit('test.point').then(() => {
      passed = true
    })
    await clock.advance(999)
    expect(passed).toBe(false)
    await clock.advance(1)
    await delayed
    expect(() => failpoints.hitSync('test.point')).toThrow(/cannot wait/)
  })

  it('[T-04] a name that no plugin declares cannot be hit, and the census counts', async () => {
    const failpoints = registry()
    const census = failpoints.census()
    await failpoints.hit('test.point')
    failpoints.hitSync('test.point')
    expect([...census]).toEqual([['test.point', 2]])
    // @ts-expect-error no such point
    await expect(failpoints.hit('nothing')).rejects.toThrow(TypeError)
  })
})
