import { createNode, definePlugin, type GateRequest, type Manifest, type NodeOptions } from '@holdfast/core'
import { describe, expect, it } from 'vitest'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 1)
const REQUEST: GateRequest = { action: 'condemn', actor: 'user' }

/** A clock whose two times the test sets. */
function twoTimes() {
  return {
    wall: NOW,
    mono: 0,
    now() {
      return this.wall
    },
    monotonic() {
      return this.mono
    },
    timer: () => ({ clear: () => undefined, [Symbol.dispose]: () => undefined }),
  }
}

async function nodeWith(newestRecord: number, options: Partial<NodeOptions> = {}) {
  const clock = twoTimes()
  const manifest = definePlugin({
    name: 'test-manifest',
    id: 'manifest',
    version: '1.0.0',
    api: '1.0',
    provides: ['manifest'],
    setup: ({ provide }) =>
      provide('manifest', () => ({ head: () => ({ time: newestRecord }) }) as unknown as Manifest),
  })
  const node = await createNode({ plugins: [manifest], id: 'x', log: 'silent', clock, ...options }).start()
  return { node, clock, ask: () => node.gate.check(REQUEST) }
}

const suspect = { allowed: false, by: 'clock', reason: 'clock_suspect' }

describe('a clock that cannot be believed', () => {
  it('[G-06] a wall clock that jumps against the monotonic one closes the gate, in both directions, to the millisecond', async () => {
    const { clock, ask } = await nodeWith(NOW)
    clock.mono += 1000
    clock.wall += 1000 + 300_000
    expect(await ask()).toMatchObject({ allowed: true })
    clock.wall += 1
    expect(await ask()).toMatchObject(suspect)
    clock.wall -= 600_002
    expect(await ask()).toMatchObject(suspect)
  })

  it('[G-06] a clock before the newest record closes the gate', async () => {
    const { ask } = await nodeWith(NOW + 1)
    expect(await ask()).toMatchObject({ ...suspect, message: expect.stringContaining('1 ms before') })
  })

  it('[G-06] a clock more than seven days behind the newest record needs a word; with none recorded there is no doubt', async () => {
    expect(await (await nodeWith(NOW - 7 * DAY)).ask()).toMatchObject({ allowed: true })
    expect(await (await nodeWith(0)).ask()).toMatchObject({ allowed: true })
    const { node, ask } = await nodeWith(NOW - 7 * DAY - 1)
    expect(await ask()).toMatchObject(suspect)
    node.trustClock()
    expect(await ask()).toMatchObject({ allowed: true })
  })

  it('[G-06] the word holds for the time that was looked at, not for a later jump', async () => {
    const { node, clock, ask } = await nodeWith(NOW - 30 * DAY)
    node.trustClock()
    clock.wall += 10 * 60_000
    expect(await ask()).toMatchObject(suspect)
    node.trustClock()
    clock.wall += 7 * DAY + 1
    clock.mono += 7 * DAY + 1
    expect(await ask()).toMatchObject(suspect)
  })

  it('[G-06] a second source that agrees is a word, one that does not or fails is none', async () => {
    const old = NOW - 30 * DAY
    expect(
      await (await nodeWith(old, { clockWatch: { secondSource: async () => NOW + 300_000 } })).ask(),
    ).toMatchObject({ allowed: true })
    expect(
      await (await nodeWith(old, { clockWatch: { secondSource: async () => NOW + 300_001 } })).ask(),
    ).toMatchObject(suspect)
    expect(
      await (await nodeWith(old, { clockWatch: { secondSource: async () => Number.NaN } })).ask(),
    ).toMatchObject(suspect)
    expect(
      await (
        await nodeWith(old, { clockWatch: { secondSource: () => Promise.reject(new Error('away')) } })
      ).ask(),
    ).toMatchObject({ allowed: false, by: 'clock' })
  })

  it('[G-06] allowance and horizon are options', async () => {
    const { clock, ask } = await nodeWith(NOW - 2, { clockWatch: { allowance: 5, horizon: 1 } })
    expect(await ask()).toMatchObject(suspect)
    clock.wall += 6
    expect(await ask()).toMatchObject({ ...suspect, message: expect.stringContaining('moved by 6 ms') })
  })
})
