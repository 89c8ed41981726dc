import {
  createNode,
  definePlugin,
  type Fence,
  type HoldfastError,
  type PlannedJob,
  type Roles,
  type Standing,
  totalsOf,
} from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { items, jobPlugin, startNode, tapper } from './support.ts'

const HOLDER: Standing = { role: 'sweeper', epoch: 7, mayAct: true, holder: 'test-node' }
const READER: Standing = { role: 'reader', epoch: 8, mayAct: false, holder: 'node-b', retryAfter: 2000 }

/** A plugin that says which role the node has: what the test says. */
function electorate(first: unknown) {
  const roles = { standing: first, asked: [] as string[] }
  const service: Roles = {
    roleFor(action) {
      roles.asked.push(action)
      if (roles.standing instanceof Error) throw roles.standing
      return roles.standing as Standing
    },
  }
  const plugin = definePlugin({
    name: 'test-roles',
    id: 'electorate',
    version: '1.0.0',
    api: '1.0',
    provides: ['roles'],
    setup: ({ provide }) => provide('roles', () => service),
  })
  return Object.assign(roles, { plugin })
}

const REQUEST = { action: 'condemn', actor: 'user' } as const
const doAll: PlannedJob<unknown>['act'] = async (chunk) => ({ done: totalsOf(chunk), skipped: {} })

describe('a node with roles', () => {
  it('[G-03] every verdict says which role this node has, in which epoch, and who holds the needed one', async () => {
    const roles = electorate(HOLDER)
    let closed = false
    await using node = await startNode([
      roles.plugin,
      tapper('door', async () => (closed ? { deny: 'closed' } : undefined)),
    ])
    expect(await node.gate.check(REQUEST)).toEqual({
      allowed: true,
      role: 'sweeper',
      epoch: 7,
      holder: 'test-node',
    })
    closed = true
    expect(await node.gate.check(REQUEST)).toMatchObject({ by: 'door', role: 'sweeper', epoch: 7 })
    roles.standing = READER
    expect(await node.gate.check(REQUEST)).toEqual({
      allowed: false,
      by: 'roles',
      role: 'reader',
      epoch: 8,
      holder: 'node-b',
      message: 'this node is reader; the role that condemn needs is held by node node-b',
      reason: 'not_authorised',
      retryAfter: 2000,
    })
    expect(roles.asked).toEqual(['condemn', 'condemn', 'condemn'])
  })

  it('[G-03] a run on the wrong node is refused with its role and the holder, and the status says the same', async () => {
    const roles = electorate(READER)
    const acted: number[] = []
    await using node = await startNode([
      roles.plugin,
      jobPlugin(async (chunk, context) => {
        acted.push(chunk.length)
        return doAll(chunk, context)
      }),
    ])
    const error = await node.jobs.run('sweep', { act: true }).catch((thrown: HoldfastError) => thrown)
    expect(error).toMatchObject({
      code: 'HF_GATE_DENIED',
      kind: 'denied',
      message: expect.stringMatching(/this node is reader.*held by node node-b/),
      context: { by: 'roles', role: 'reader', epoch: 8, holder: 'node-b', reason: 'not_authorised' },
    })
    const [status] = await node.jobs.status()
    expect(status).toMatchObject({ verdict: { allowed: false, role: 'reader', holder: 'node-b' } })
    expect(acted).toEqual([])
    expect(await node.jobs.history('sweep')).toEqual([])
  })

  it('[G-03] a holder that nobody knows is no reason to say yes', async () => {
    const { holder: _, ...leaderless } = READER
    await using node = await startNode([electorate(leaderless).plugin])
    expect(await node.gate.check(REQUEST)).toMatchObject({
      allowed: false,
      role: 'reader',
      message: 'this node is reader; the role that condemn needs is held by no node that this one knows of',
    })
  })

  it('[G-02] a dry run needs no role, whoever asks for it', async () => {
    await using node = await startNode([electorate(READER).plugin, jobPlugin(doAll)])
    expect((await node.jobs.plan('sweep')).totals.files).toBe(2500)
    expect(await node.jobs.run('sweep', {})).toMatchObject({ outcome: { status: 'completed' }, dryRun: true })
    expect(await node.gate.check({ ...REQUEST, actor: 'schedule', dryRun: true })).toMatchObject({
      allowed: true,
      role: 'reader',
      holder: 'node-b',
    })
  })

  it('[G-01] a role that passes on in mid-run ends the run at the next chunk, with the counts so far', async () => {
    const roles = electorate(HOLDER)
    await using node = await startNode([
      roles.plugin,
      jobPlugin(async (chunk, context) => {
        roles.standing = READER
        return doAll(chunk, context)
      }),
    ])
    const run = await node.jobs.run('sweep', { act: true })
    expect(run).toMatchObject({
      role: 'sweeper',
      epoch: 7,
      chunks: 1,
      done: { files: 1000 },
      outcome: {
        status: 'aborted',
        reason: 'authority_lost',
        message: expect.stringMatching(/this node is reader.*held by node node-b/),
      },
    })
    expect(await node.jobs.history('sweep')).toEqual([run])
  })

  it('[G-01] each chunk carries the fence of its own verdict', async () => {
    const roles = electorate(HOLDER)
    const fences: Fence[] = []
    await using node = await startNode([
      roles.plugin,
      jobPlugin(async (chunk, context) => {
        fences.push(context.fence)
        // Lost and regained while this chunk was done.
        roles.standing = { ...HOLDER, epoch: 9 }
        return doAll(chunk, context)
      }),
    ])
    await node.jobs.run('sweep', { act: true })
    expect(fences).toEqual([
      { role: 'sweeper', epoch: 7 },
      { role: 'sweeper', epoch: 9 },
      { role: 'sweeper', epoch: 9 },
    ])
  })

  it('[G-04] a node that does not know its role says no, also in mid-run and to a dry run', async () => {
    const roles = electorate(undefined)
    await using node = await startNode([
      roles.plugin,
      jobPlugin(async (chunk, context) => {
        roles.standing = undefined
        return doAll(chunk, context)
      }),
    ])
    const no = { allowed: false, by: 'roles', role: 'unknown', epoch: 0, reason: 'not_authorised' }
    expect(await node.gate.check(REQUEST)).toMatchObject(no)
    expect(await node.gate.check({ ...REQUEST, dryRun: true })).toMatchObject(no)
    roles.standing = HOLDER
    expect(await node.jobs.run('sweep', { act: true })).toMatchObject({
      outcome: { reason: 'authority_lost', message: 'roles: the role of this node is not known' },
      chunks: 1,
    })
  })

  it.each([
    ['fails', new Error('no quorum'), /no quorum/],
    ['gives null', null, /no standing/],
    ['gives true', true, /no standing/],
    ['has no role', { epoch: 1, mayAct: true }, /no standing/],
    ['has no epoch', { role: 'sweeper', mayAct: true }, /no standing/],
    ['has an epoch that is none', { role: 'sweeper', epoch: -1, mayAct: true }, /no standing/],
    ['does not say whether it may', { role: 'sweeper', epoch: 1, mayAct: 'yes' }, /no standing/],
    ['names no node as holder', { ...READER, holder: 7 }, /no standing/],
  ])('[G-04] roles whose answer %s deny', async (_what, standing, message) => {
    await using node = await startNode([electorate(standing).plugin])
    expect(await node.gate.check(REQUEST)).toMatchObject({
      allowed: false,
      by: 'roles',
      role: 'unknown',
      reason: 'unknown',
      message: expect.stringMatching(message),
    })
  })

  it('[G-04] before the start and after the stop the role is not known, and nobody is asked for it', async () => {
    const roles = electorate(HOLDER)
    const node = createNode({ plugins: [roles.plugin], id: 'x', log: 'silent' })
    const no = { allowed: false, by: 'node', role: 'unknown', epoch: 0 }
    expect(await node.gate.check(REQUEST)).toMatchObject(no)
    await node.start()
    await node.stop()
    expect(await node.gate.check(REQUEST)).toMatchObject(no)
    expect(roles.asked).toEqual([])
  })

  it('[G-03] a node without roles is standalone, in epoch 0', async () => {
    const fences: Fence[] = []
    await using node = await startNode([
      jobPlugin(async (chunk, context) => {
        fences.push(context.fence)
        return doAll(chunk, context)
      }, items(1)),
    ])
    await node.jobs.run('sweep', { act: true })
    expect(fences).toEqual([{ role: 'standalone', epoch: 0 }])
  })
})
