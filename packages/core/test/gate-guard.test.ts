import { createNode, definePlugin, type GateRequest, type Plugin, type Roles } from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { jobPlugin, plugin, settle, startNode, tapper } from './support.ts'

const REQUEST: GateRequest = { action: 'condemn', actor: 'user' }
const never = () => new Promise<never>(() => undefined)

function conditioned(checkGate: (...asked: never[]) => unknown): Plugin {
  return definePlugin({
    name: 'c',
    id: 'c',
    version: '1.0.0',
    api: '1.0',
    provides: ['one'],
    setup: ({ provide }) => provide('one', () => ({ name: 'one', checkGate: checkGate as never })),
  })
}

function ruled(roleFor: (...asked: never[]) => unknown): Plugin {
  return definePlugin({
    name: 'r',
    id: 'r',
    version: '1.0.0',
    api: '1.0',
    provides: ['roles'],
    setup: ({ provide }) => provide('roles', () => ({ roleFor: roleFor as Roles['roleFor'] })),
  })
}

describe('the question', () => {
  it('[K-07] cannot be changed by those who are asked', async () => {
    const change = (request: GateRequest) => {
      Reflect.set(request, 'action', 'erase')
      Reflect.set(request, 'chunk', 7)
      return undefined
    }
    const seen: GateRequest[] = []
    await using node = await startNode([
      conditioned(change),
      tapper('changer', async (request) => change(request)),
      tapper('witness', async (request) => void seen.push({ ...request })),
    ])
    const asked = { ...REQUEST }
    expect(await node.gate.check(asked)).toMatchObject({ allowed: true })
    expect([asked, ...seen]).toEqual([REQUEST, REQUEST])
  })

  it.each([
    ['null', null],
    ['nothing', undefined],
    ['a text', 'condemn'],
    ['no action', { actor: 'user' }],
    ['a misspelt action', { action: 'condem', actor: 'user' }],
    ['an action that is no text', { action: Object.create(null), actor: 'user' }],
    ['no actor', { action: 'condemn' }],
    ['a dry run that is no Boolean', { action: 'condemn', actor: 'user', dryRun: 'yes' }],
  ])('[K-06] that is %s is denied', async (_what, question) => {
    await using node = await startNode([])
    expect(await node.gate.check(question as never)).toMatchObject({ allowed: false, by: 'gate' })
  })
})

describe('what is asked before the taps', () => {
  it.each([
    ['a condition', 'one', () => conditioned(never)],
    ['the roles', 'roles', () => ruled(never)],
  ])(
    '[K-05] %s that hangs denies at its limit, and then at once until it has ended',
    async (_what, by, hanging) => {
      const clock = new FakeClock()
      await using node = await startNode([hanging()], { clock })
      const first = node.gate.check(REQUEST)
      await clock.advance(10_000)
      expect(await first).toMatchObject({ allowed: false, by, message: expect.stringContaining('10000 ms') })
      await clock.advance(1000)
      expect(await node.gate.check(REQUEST)).toMatchObject({
        allowed: false,
        by,
        message: expect.stringContaining('hung for 11000 ms'),
      })
    },
  )

  it('[K-05] a condition that hung is told, and asked again when it has ended', async () => {
    const clock = new FakeClock()
    const answered = Promise.withResolvers<undefined>()
    let told: AbortSignal | undefined
    let calls = 0
    const slow = conditioned((_request: never, { signal }: { signal: AbortSignal }) => {
      told = signal
      return calls++ === 0 ? answered.promise : undefined
    })
    await using node = await startNode([slow], { clock })
    const first = node.gate.check(REQUEST)
    await clock.advance(10_000)
    expect((await first).allowed).toBe(false)
    expect(told?.aborted).toBe(true)
    answered.resolve(undefined)
    await settle()
    expect(await node.gate.check(REQUEST)).toMatchObject({ allowed: true })
  })

  it('[K-05] another clock that hangs is a denial of the clock', async () => {
    const clock = new FakeClock()
    const manifest = definePlugin({
      name: 'm',
      id: 'm',
      version: '1.0.0',
      api: '1.0',
      provides: ['manifest'],
      setup: ({ provide }) => provide('manifest', () => ({ head: () => ({ time: 1 }) }) as never),
    })
    await using node = await startNode([manifest], { clock, clockWatch: { secondSource: never } })
    const asked = node.gate.check(REQUEST)
    await clock.advance(10_000)
    expect(await asked).toMatchObject({ allowed: false, by: 'clock' })
  })

  it.each([
    ['a tap', () => tapper('t', async () => ({ deny: 'no', retryAfter: 5n }))],
    ['a condition', () => conditioned(() => ({ deny: 'no', retryAfter: 5n }))],
    ['the roles', () => ruled(() => ({ role: 'r', epoch: 1, mayAct: false, retryAfter: 5n }))],
    ['a condition that is no function', () => conditioned(5 as never)],
  ])('[K-06] %s that says when to ask again in a way that cannot be read denies', async (_what, denying) => {
    await using node = await startNode([denying()])
    const verdict = await node.gate.check(REQUEST)
    expect(verdict).toMatchObject({ allowed: false })
    expect(verdict).not.toHaveProperty('retryAfter')
  })

  it('[A-02] a gate that hangs does not keep the status', async () => {
    const clock = new FakeClock()
    const hanging = plugin('stuck', ({ hooks }) => hooks.gate.tap(never))
    await using node = await startNode([hanging, jobPlugin(never)], { clock })
    const status = node.jobs.status()
    await clock.advance(2000)
    expect(await status).toEqual([
      expect.objectContaining({
        job: 'sweep',
        verdict: expect.objectContaining({ allowed: false, by: 'gate', message: 'did not answer in time' }),
      }),
    ])
  })

  it('[K-05] a question that hangs when the node stops is answered then', async () => {
    const hanging = plugin('stuck', ({ hooks }) => hooks.gate.tap(never))
    const node = await createNode({
      plugins: [hanging],
      id: 'n',
      log: 'silent',
      clock: new FakeClock(),
    }).start()
    const asked = node.gate.check(REQUEST)
    await node.stop()
    expect(await asked).toMatchObject({
      allowed: false,
      by: 'stuck',
      message: expect.stringContaining('stopped'),
    })
  })
})
