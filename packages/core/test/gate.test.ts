import { createNode, definePlugin, type GateRequest } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { plugin, startNode, tapper } from './support.ts'

const REQUEST: GateRequest = { action: 'condemn', actor: 'user' }

describe('the gate', () => {
  it('[K-07] with no tap the conditions alone decide', async () => {
    await using node = await startNode([])
    expect(await node.gate.check(REQUEST)).toEqual({ allowed: true, role: 'standalone', epoch: 0 })
  })

  it('[K-07] the first denial wins and names who denied and why', async () => {
    const asked: string[] = []
    const say = (id: string, answer: unknown) =>
      tapper(id, async () => {
        asked.push(id)
        return answer
      })
    await using node = await startNode([
      say('a', undefined),
      say('b', { deny: 'maintenance', retryAfter: 500 }),
      say('c', { deny: 'never asked' }),
    ])
    expect(await node.gate.check(REQUEST)).toMatchObject({
      allowed: false,
      by: 'b',
      message: 'maintenance',
      retryAfter: 500,
    })
    expect(asked).toEqual(['a', 'b'])
  })

  it('[K-07] taps are asked in the order of their stages', async () => {
    const asked: string[] = []
    const staged = (id: string, stage: number) =>
      plugin(id, ({ hooks }) =>
        hooks.gate.tap({ stage }, async () => {
          asked.push(id)
          return undefined
        }),
      )
    await using node = await startNode([staged('late', 1), staged('early', -1)])
    await node.gate.check(REQUEST)
    expect(asked).toEqual(['early', 'late'])
  })

  it.each([
    ['null', async () => null],
    ['true', async () => true],
    ['false', async () => false],
    ['a text', async () => 'no'],
    ['an object without deny', async () => ({ allowed: true })],
  ])('[K-06] a tap that resolves with %s denies, and is named', async (_what, answer) => {
    await using node = await startNode([tapper('wrong', answer), tapper('right', async () => undefined)])
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: false, by: 'wrong', reason: 'unknown' })
  })

  it('[K-06] a synchronous tap denies, whatever it returns', async () => {
    await using node = await startNode([tapper('sync', () => undefined)])
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: false, by: 'sync' })
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('[K-06] a tap that %s denies, and is named', async (_what, answer) => {
    await using node = await startNode([tapper('failing', answer)])
    expect(await node.gate.check(REQUEST)).toMatchObject({
      allowed: false,
      by: 'failing',
      message: expect.stringContaining('broken'),
    })
  })

  it.each([false, null, 0, '', true])(
    '[K-06] a condition that gives %s denies, and is named',
    async (answer) => {
      const conditioned = definePlugin({
        name: 'c',
        id: 'c',
        version: '1',
        api: '1.0',
        provides: ['one'],
        setup: ({ provide }) =>
          provide('one', () => ({ name: 'one', checkGate: async () => answer as never })),
      })
      await using node = await startNode([conditioned])
      expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: false, by: 'one', reason: 'unknown' })
    },
  )

  it('[K-07] whatever a tap says of retrying, asking again at once is no answer', async () => {
    await using node = await startNode([tapper('nan', async () => ({ deny: 'no', retryAfter: Number.NaN }))])
    expect(await node.gate.check(REQUEST)).toMatchObject({ retryAfter: 50 })
  })

  it('[K-06] a denial behind an allowing tap is asked for', async () => {
    await using node = await startNode([
      tapper('first', async () => undefined),
      tapper('second', async () => ({ deny: 'no' })),
    ])
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: false, by: 'second' })
  })

  it('[K-06] an unknown `before` is refused when it is registered', () => {
    const before = plugin('b', ({ hooks }) => hooks.gate.tap({ before: 'nobody' }, async () => undefined))
    expect(() => createNode({ plugins: [before], log: 'silent' })).toThrow(
      expect.objectContaining({ code: 'HF_OPTION_INVALID' }),
    )
  })

  it('[K-06] a tap that is no function is refused when it is registered', () => {
    const none = plugin('n', ({ hooks }) => hooks.gate.tap(undefined as never))
    expect(() => createNode({ plugins: [none], log: 'silent' })).toThrow(
      expect.objectContaining({ code: 'HF_ASSEMBLY_INVALID' }),
    )
  })

  it('[K-16] wrong taps do not compile', () => {
    const wrong = plugin('w', ({ hooks }) => {
      // @ts-expect-error a synchronous function
      hooks.gate.tap(() => undefined)
      // @ts-expect-error a Boolean is no verdict
      hooks.gate.tap(async () => true)
      // @ts-expect-error null is no verdict
      hooks.gate.tap(async () => null)
      // @ts-expect-error a port cannot be called
      hooks.gate.promise
    })
    expect(createNode({ plugins: [wrong], log: 'silent' })).toBeDefined()
  })

  it('[G-04] before the start and after the stop the answer is no', async () => {
    const node = createNode({ plugins: [], id: 'x', log: 'silent' })
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: false, by: 'node' })
    await node.start()
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: true })
    await node.stop()
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: false, by: 'node' })
  })

  it('[G-01] a flip of the gate takes effect at the next question', async () => {
    let open = true
    await using node = await startNode([tapper('flip', async () => (open ? undefined : { deny: 'closed' }))])
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: true })
    open = false
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: false })
  })
})
