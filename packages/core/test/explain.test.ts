import { createNode, definePlugin, type Plugin } from '@holdfast/core'
import { expect, it } from 'vitest'
import { plugin } from './support.ts'

function provider(): Plugin {
  return definePlugin({
    name: '@acme/one',
    id: 'one',
    version: '1.2.3',
    api: '1.0',
    provides: ['one'],
    setup: ({ provide }) => provide('one', () => ({ name: 'one', start: () => undefined })),
  })
}

function user(): Plugin {
  return definePlugin({
    name: '@acme/user',
    id: 'user',
    version: '0.1.0',
    api: '1.0',
    needs: ['one'],
    setup({ hooks, jobs }) {
      hooks.gate.tap(async () => undefined)
      jobs.define({ name: 'user', doc: 'Does nothing.', action: 'erase', run: async () => undefined })
    },
  })
}

it('[A-02] a node explains its plugins in the order of their loading, in every state', async () => {
  const node = createNode({ plugins: [user(), provider(), plugin('idle')], id: 'n', log: 'silent' })
  const before = node.explain()
  expect(before.plugins.map(({ id }) => id)).toEqual(['one', 'user', 'idle'])
  expect(before.plugins[0]).toMatchObject({ provides: ['one'], startMs: undefined, taps: [] })
  await node.start()
  await node.gate.check({ action: 'erase', actor: 'user' })
  const [one, using] = node.explain().plugins
  expect(one?.startMs).toBeGreaterThanOrEqual(0)
  expect(using).toMatchObject({
    name: '@acme/user',
    version: '0.1.0',
    needs: ['one'],
    jobs: ['user'],
    taps: [{ hook: 'gate', plugin: 'user', calls: 1, failures: 0, totalMs: expect.any(Number) }],
  })
  await node.stop()
  expect(String(node.explain())).toMatch(
    /^one: @acme\/one 1\.2\.3, api 1\.0, set up in [\d.]+ ms, started in [\d.]+ ms\n {2}provides one\nuser: @acme\/user .*\n {2}needs one\n {2}jobs user\n {2}taps gate: 1 calls, 0 failed, [\d.]+ ms each\nidle: /,
  )
})
