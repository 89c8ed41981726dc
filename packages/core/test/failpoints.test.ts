import { FailpointRegistry, Rendezvous } from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'

describe('failpoints', () => {
  it('[T-04] an armed point fails once, after the passes that it lets go by', async () => {
    const failpoints = new FailpointRegistry()
    using _armed = failpoints.arm('job.chunk.before', { kind: 'error' }, { skip: 1 })
    await failpoints.hit('job.chunk.before')
    await expect(failpoints.hit('job.chunk.before')).rejects.toMatchObject({ code: 'HF_FAILPOINT' })
    await failpoints.hit('job.chunk.before')
    expect(failpoints.armed).toBe(false)
  })

  it('[T-04] a scope disarms', async () => {
    const failpoints = new FailpointRegistry()
    {
      using _armed = failpoints.arm('job.chunk.after', { kind: 'error', error: () => new Error('mine') })
      expect(failpoints.armed).toBe(true)
    }
    expect(failpoints.armed).toBe(false)
    await expect(failpoints.hit('job.chunk.after')).resolves.toBeUndefined()
  })

  it('[T-04] parked code waits for the test, and synchronous code cannot park', async () => {
    const failpoints = new FailpointRegistry()
    const rendezvous = new Rendezvous()
    using _armed = failpoints.arm('job.chunk.before', { kind: 'park', rendezvous }, { times: 2 })
    let passed = false
    const parked = failpoints.hit('job.chunk.before').then(() => {
      passed = true
    })
    await rendezvous.reached
    expect(passed).toBe(false)
    rendezvous.release()
    await parked
    expect(passed).toBe(true)
    expect(() => failpoints.hitSync('job.chunk.before')).toThrow(TypeError)
  })

  it('[T-04] a callback runs where the point is, and throws there', async () => {
    const failpoints = new FailpointRegistry()
    const seen: string[] = []
    failpoints.arm('job.chunk.before', { kind: 'callback', call: () => void seen.push('sync') }, { times: 2 })
    await failpoints.hit('job.chunk.before')
    failpoints.hitSync('job.chunk.before')
    expect(seen).toEqual(['sync', 'sync'])
    failpoints.arm('job.chunk.before', {
      kind: 'callback',
      call: async () => Promise.reject(new Error('mine')),
    })
    await expect(failpoints.hit('job.chunk.before')).rejects.toThrow('mine')
  })

  it('[T-04] a delay waits on its clock, and synchronous code cannot wait', async () => {
    const failpoints = new FailpointRegistry()
    const clock = new FakeClock()
    failpoints.arm('job.chunk.before', { kind: 'delay', ms: 1000, clock }, { times: 2 })
    let passed = false
    const delayed = failpoints.hit('job.chunk.before').then(() => {
      passed = true
    })
    await clock.advance(999)
    expect(passed).toBe(false)
    await clock.advance(1)
    await delayed
    expect(() => failpoints.hitSync('job.chunk.before')).toThrow(/cannot wait/)
  })

  it('[T-04] a name that no plugin declares cannot be hit, and the census counts', async () => {
    const failpoints = new FailpointRegistry()
    const census = failpoints.census()
    await failpoints.hit('job.chunk.before')
    failpoints.hitSync('job.chunk.before')
    expect([...census]).toEqual([['job.chunk.before', 2]])
    // @ts-expect-error no such point
    await expect(failpoints.hit('nothing')).rejects.toThrow(TypeError)
  })
})
