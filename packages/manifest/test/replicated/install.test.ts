import { readdirSync } from 'node:fs'
import { Rendezvous, type StateRows } from '@holdfast/core'
import type { ClusterNode, MemoryCluster } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import type { Running } from '../../src/open-manifest.ts'
import { recorder } from '../consumers/recorder.ts'
import {
  condemn,
  doom,
  erased,
  forget,
  key,
  path,
  read,
  register,
  rowNamed,
  testNode,
  undo,
} from '../support.ts'
import { failure, manifestOf, nodesOf, opened, testCluster } from './support.ts'

/** The third node is away while its file goes the whole way, and the log is truncated behind it. */
async function behind(options: Parameters<typeof testCluster>[0] = {}) {
  const cluster = await testCluster(options)
  const [one, two, three] = nodesOf(cluster)
  await cluster.appoint('sweeper', one)
  await cluster.appoint('primary', one)
  for (const name of ['kept', 'doomed', 'gone', 'forgotten', 'back'])
    await manifestOf(one).commit({ ops: [register(name)] })
  await manifestOf(one).commit({ ops: [condemn('back', 7, { delay: 1_000_000 })] })
  await cluster.settle()
  if (three.node.hooks) await three.node.hooks.drain()
  await three.stop()
  const fence = { role: 'sweeper', epoch: 1 }
  const names = ['doomed', 'gone', 'forgotten']
  const generations = names.map((name) => manifestOf(one).entry(path(name))!.generation)
  await manifestOf(one).commit({
    ops: names.map((name, at) => condemn(name, generations[at], { reason: `old ${name}` })),
  })
  await manifestOf(one).commit({ ops: names.map(doom), fence })
  await manifestOf(one).commit({ ops: [erased('gone', 1_000_000), erased('forgotten', 0)], fence })
  await manifestOf(one).commit({ ops: [forget('forgotten'), undo('back')].slice(0, 1), fence })
  await manifestOf(one).commit({ ops: [undo('back')] })
  await cluster.settle()
  return { cluster, one, two, three }
}

async function comeBack({ cluster, three }: { cluster: MemoryCluster; three: ClusterNode }) {
  cluster.truncate()
  await three.start()
  await expect.poll(() => failure(manifestOf(three).barrier())).toMatchObject({ code: 'HF_LOG_GAP' })
}

/** A tap on every node, by the node's id; the same one in all its lives. */
function tapped() {
  const taps = new Map<string, ReturnType<typeof recorder>>()
  const extra = ({ id }: { id: string }) => {
    const tap = taps.get(id) ?? recorder('tap')
    taps.set(id, tap)
    return [tap.plugin]
  }
  return { taps, extra }
}

/** Everything that there is to read of a state. */
async function all(rows: StateRows): Promise<string[]> {
  const read: string[] = []
  for await (const page of rows.pages())
    for (const { name, value } of page)
      read.push(`${Buffer.from(name)} ${Buffer.from(value).toString('hex')}`)
  return read
}

describe('a node that takes the state of another', () => {
  it('[K-08] gives its taps one reset in the place of what they missed, and goes on behind it', async () => {
    const { taps, extra } = tapped()
    const cluster = await behind({ extra })
    const { one, two, three } = cluster
    await comeBack(cluster)
    await three.install(two)
    await cluster.cluster.settle()
    await three.node.hooks.drain()
    const { position } = manifestOf(one).head()
    const seen = taps.get('node-3')
    expect(seen?.resets).toEqual([{ type: 'reset', reason: 'installed', position }])
    await manifestOf(one).commit({ ops: [register('new')] })
    await cluster.cluster.settle()
    await three.node.hooks.drain()
    expect(seen?.resets).toHaveLength(1)
    expect(seen?.batches.at(-1)?.position.index).toBe(position.index + 1)
  })

  it('[K-09] is like it in every row, and delivers what vanished to the taps of its own', async () => {
    const { taps, extra } = tapped()
    const cluster = await behind({ extra })
    const { one, two, three } = cluster
    await comeBack(cluster)
    const seen = taps.get('node-3')!
    const before = seen.batches.length
    expect(seen.deleted).toEqual([])
    await three.install(two)
    await cluster.cluster.settle()
    expect(manifestOf(three).head()).toEqual(manifestOf(one).head())
    expect(manifestOf(three).contentDigest()).toBe(manifestOf(one).contentDigest())
    expect(manifestOf(three).check()).toEqual([])
    await three.node.hooks.drain()
    expect(seen.deleted.map(({ key, reason }) => [key, reason])).toEqual([
      ['doomed', 'old doomed'],
      ['forgotten', 'deleted'],
      ['gone', 'deleted'],
    ])
    expect(seen.resets).toEqual([
      { type: 'reset', reason: 'installed', position: manifestOf(one).head().position },
    ])
    expect(seen.batches).toHaveLength(before)
    await manifestOf(one).commit({ ops: [register('new')] })
    await cluster.cluster.settle()
    await three.node.hooks.drain()
    expect(seen.batches).toHaveLength(before + 1)
    // Nothing again after a restart.
    await three.stop()
    await three.start()
    await cluster.cluster.settle()
    await three.node.hooks.drain()
    expect([seen.deleted.length, seen.resets.length, seen.batches.length]).toEqual([3, 1, before + 1])
  })

  it('[K-08] every other node has got every batch, in order', async () => {
    const { taps, extra } = tapped()
    const { one, two } = await behind({ extra })
    await one.node.hooks.drain()
    await two.node.hooks.drain()
    const [first, second] = ['node-1', 'node-2'].map((id) => taps.get(id)!)
    expect(first!.batches.map(({ position }) => position.index)).toEqual(
      Array.from({ length: 13 }, (_, at) => at + 1),
    )
    expect(second!.batches).toEqual(first!.batches)
    expect(second!.deleted.map(({ key }) => key).sort()).toEqual(['doomed', 'forgotten', 'gone'])
  })

  it('[M-11] erases its own disk of what was doomed meanwhile, and keeps what it was writing', async () => {
    const cluster = await behind()
    const { one, three } = cluster
    await comeBack(cluster)
    const { pending, committer } = opened(three)
    await committer.local(() => pending.begin(key('mine'), 1))
    await committer.local(() => pending.begin(key('kept'), 1))
    await three.install(one)
    await cluster.cluster.settle()
    // The others have erased both from theirs.
    expect(three.node.eraser.queue().map(({ key }) => key)).toEqual(['doomed', 'gone'])
    await three.stop()
    await three.start()
    await cluster.cluster.settle()
    await expect.poll(() => manifestOf(three).key(key('mine'))?.state).toBe('condemned')
    expect(manifestOf(three).key(key('kept'))?.state).toBe('live')
    expect(opened(three).pending.page()).toEqual([])
  })

  it('[M-04] a state that does not add up, is out of order, or ends early is refused, and the old one stays', async () => {
    const cluster = await behind()
    const { one, three } = cluster
    await comeBack(cluster)
    const before = manifestOf(three).head()
    const spoilt = (change: (rows: { name: Uint8Array; value: Uint8Array }[]) => unknown[]): StateRows => {
      const rows = manifestOf(one).rows()
      return {
        ...rows,
        head: rows.head,
        async *pages() {
          const all = []
          for await (const page of rows.pages()) all.push(...page)
          yield change(all) as never
        },
        [Symbol.dispose]: () => rows[Symbol.dispose](),
      }
    }
    for (const change of [
      (rows: { name: Uint8Array; value: Uint8Array }[]) => rows.slice(0, -1),
      (rows: { name: Uint8Array; value: Uint8Array }[]) => rows.slice(1),
      (rows: { name: Uint8Array; value: Uint8Array }[]) => [rows[0], ...rows.slice(1).reverse()],
      (rows: { name: Uint8Array; value: Uint8Array }[]) =>
        rows.map(({ name, value }, at) => ({
          name,
          value: at === 5 ? Buffer.from([...value].map((b, i) => (i === 1 ? b ^ 1 : b))) : value,
        })),
    ])
      expect(await failure(manifestOf(three).install(spoilt(change)))).toMatchObject({
        code: 'HF_MANIFEST_CORRUPT',
      })
    expect(manifestOf(three).head()).toEqual(before)
    expect(readdirSync(three.dataDir).filter((name) => name.startsWith('manifest'))).toEqual(['manifest'])
    await three.install(one)
    expect(manifestOf(three).head()).toEqual(manifestOf(one).head())
  })

  it('[M-20] a state of another log, of a place that the log does not know, or an older one is refused', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    const other = await testCluster({ nodes: 1 })
    await manifestOf(one).commit({ ops: [register('a')] })
    using old = manifestOf(one).rows()
    await manifestOf(one).commit({ ops: [register('b')] })
    await cluster.settle()
    expect(await failure(manifestOf(two).install(old))).toMatchObject({ code: 'HF_OPTION_INVALID' })
    using foreign = manifestOf(other.nodes[0]!).rows()
    expect(await failure(manifestOf(two).install(foreign))).toMatchObject({ code: 'HF_LOG_DIVERGED' })
    using ahead = manifestOf(one).rows()
    cluster.log.dropNewest(1)
    expect(await failure(manifestOf(two).install(ahead))).toMatchObject({ code: 'HF_LOG_DIVERGED' })
    const alone = await testNode()
    using rows = alone.manifest.rows()
    expect(await failure(alone.manifest.install(rows))).toMatchObject({ code: 'HF_OPTION_INVALID' })
  })

  it('[M-17] a state of a newer format is refused: reads go on, nothing is applied, and the gate says what to do', async () => {
    const cluster = await behind()
    const { one, three } = cluster
    await comeBack(cluster)
    const before = manifestOf(three).head()
    using rows = manifestOf(one).rows()
    expect(await failure(manifestOf(three).install({ ...rows, format: 99 }))).toMatchObject({
      code: 'HF_FORMAT_NEWER',
    })
    await expect.poll(() => failure(manifestOf(three).barrier())).toMatchObject({ code: 'HF_LOG_GAP' })
    expect(manifestOf(three).head()).toEqual(before)
    expect(manifestOf(three).entry(path('kept'))).toBeDefined()
    expect(await three.node.gate.check({ action: 'condemn', actor: 'user' })).toMatchObject({
      allowed: false,
      reason: 'manifest_behind',
      message: expect.stringContaining("install another node's state"),
    })
  })

  it('[M-17] damage of its own is a reason for it, not against it: all is there, erased and told as it should be', async () => {
    const { taps, extra } = tapped()
    const cluster = await behind({ extra })
    const { one, two, three } = cluster
    await comeBack(cluster)
    const { store, eraseQueue, committer } = opened(three) as Running
    await committer.local(() => eraseQueue.put({ key: key('doomed'), since: 1, attempts: 3, nextTry: 5 }))
    const names = ['kept', 'doomed', 'gone'].map((name) => rowNamed('k', name))
    for (const row of [...names, rowNamed('E', 'doomed')]) {
      const value = Buffer.from(store.get(row)!)
      value[0]! ^= 1
      store.transaction((writer) => writer.put(row, value))
    }
    expect(() => manifestOf(three).check()).toThrow(expect.objectContaining({ code: 'HF_MANIFEST_CORRUPT' }))
    await three.install(two)
    await cluster.cluster.settle()
    expect(manifestOf(three).head()).toEqual(manifestOf(one).head())
    expect(manifestOf(three).check()).toEqual([])
    expect(opened(three).eraseQueue.get('doomed')).toMatchObject({ attempts: 0 })
    // What has gone meanwhile may still be on this node's own disk.
    expect(opened(three).eraseQueue.get('gone')).toMatchObject({ attempts: 0 })
    expect(opened(three).eraseQueue.active).toBe(2)
    await three.node.hooks.drain()
    expect(taps.get('node-3')!.deleted.map(({ key, path }) => [key, path])).toEqual([
      ['doomed', 'doomed'],
      ['forgotten', 'forgotten'],
      ['gone', 'gone'],
    ])
  })

  it('[M-06] what is read of its state meanwhile is the old one, until the new one takes its place: then it is told', async () => {
    const cluster = await behind()
    const { one, three } = cluster
    await comeBack(cluster)
    for (let at = 0; at < 30; at++)
      await manifestOf(one).commit({ ops: Array.from({ length: 50 }, (_, no) => register(`f${at}-${no}`)) })
    const parked = new Rendezvous()
    three.failpoints.arm('install.join.before', { kind: 'park', rendezvous: parked })
    using before = manifestOf(three).rows()
    const old = await all(before)
    const installed = three.install(one)
    await parked.reached
    using during = manifestOf(three).rows()
    expect(during.head).toEqual(before.head)
    expect(await all(during)).toEqual(old)
    using cut = manifestOf(three).rows()
    const pages = cut.pages()[Symbol.asyncIterator]()
    expect((await pages.next()).done).toBe(false)
    parked.release()
    await installed
    expect(await failure(pages.next())).toMatchObject({ code: 'HF_STOPPED' })
    using after = manifestOf(three).rows()
    using theirs = manifestOf(one).rows()
    expect(await all(after)).toEqual(await all(theirs))
    await three.stop()
  })

  it('[M-06] gives its state as it was when it was asked for, whatever is committed meanwhile', async () => {
    const cluster = await testCluster()
    const [one, two] = nodesOf(cluster)
    for (let at = 0; at < 30; at++)
      await manifestOf(one).commit({ ops: Array.from({ length: 50 }, (_, no) => register(`f${at}-${no}`)) })
    await two.stop()
    using rows = manifestOf(one).rows()
    const { digest } = rows.head
    await manifestOf(one).commit({ ops: [register('later')] })
    await two.start()
    await cluster.settle()
    await two.stop()
    expect(manifestOf(one).head().digest).not.toBe(digest)
    let seen = 0
    for await (const page of rows.pages()) {
      seen += page.length
      await manifestOf(one).commit({ ops: [register(`page-${seen}`)] })
    }
    expect(seen).toBeGreaterThan(3000)
  })

  it.each([
    'install.page.before',
    'install.page.after',
    'install.join.before',
    'install.join.after',
    'install.switch.before',
    'install.switch.after',
  ] as const)(
    '[X-01] a kill at %s leaves the old state or the new one, and it can be done again',
    async (point) => {
      const cluster = await behind()
      const { one, three } = cluster
      await comeBack(cluster)
      const before = manifestOf(three).head()
      let killed: Promise<void> | undefined
      const call = () => {
        killed = three.kill()
        throw new Error('killed')
      }
      three.failpoints.arm(point, { kind: 'callback', call: call as never })
      await three.install(one).catch(() => undefined)
      await killed
      expect(killed).toBeDefined()
      await three.start()
      const after = manifestOf(three).head()
      if (point === 'install.switch.after') {
        await cluster.cluster.settle()
        expect(manifestOf(three).head()).toEqual(manifestOf(one).head())
      } else {
        expect(after).toEqual(before)
        await three.install(one)
      }
      await cluster.cluster.settle()
      expect(manifestOf(three).head()).toEqual(manifestOf(one).head())
      expect(manifestOf(three).check()).toEqual([])
      expect(await failure(read(three.node.files, 'doomed'))).toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
    },
  )
})
