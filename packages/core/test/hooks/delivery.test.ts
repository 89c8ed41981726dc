import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { DeletedFile } from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { plugin, settle } from '../support.ts'
import { MemoryBatches } from './memory-batches.ts'
import { follower, held, hookNode } from './support.ts'

describe('delivery to the taps of onManifestBatch and onFileDeleted', () => {
  it('[K-08] every batch comes in log order, each of a grouped record as an event of its own', async () => {
    const seen: string[] = []
    const { batches } = await hookNode([follower('a', seen)])
    batches.append(['1', '2', '3'])
    batches.append(['4'])
    await settle()
    expect(seen).toEqual(['1', '2', '3', '4'])
  })

  it('[K-08] the next event comes when the tap has resolved', async () => {
    const seen: string[] = []
    const first = held()
    const { batches } = await hookNode([follower('a', seen, () => first.promise)])
    batches.append(['1', '2'])
    await settle()
    expect(seen).toEqual(['1'])
    first.release()
    await settle()
    expect(seen).toEqual(['1', '2'])
  })

  it('[K-08] each tap goes at its own pace: one that is slow, fails or hangs delays no other', async () => {
    const seen: string[] = []
    const never = () => new Promise(() => undefined)
    const { batches, node } = await hookNode([
      follower('slow', [], never),
      follower('failing', [], () => Promise.reject(new Error('broken'))),
      follower('quick', seen),
      plugin('files', ({ hooks }) => hooks.onFileDeleted.tap(async ({ key }) => void seen.push(key))),
    ])
    for (const name of ['1', '2', '3']) batches.append([name], [`file ${name}`])
    await settle()
    expect([...seen].sort()).toEqual(['1', '2', '3', 'file 1', 'file 2', 'file 3'])
    expect(node.hooks.status().consumers.map(({ plugin, state, lag }) => [plugin, state, lag])).toEqual([
      ['slow', 'delivering', 3],
      ['failing', 'failing', 3],
      ['quick', 'idle', 0],
      ['files', 'idle', 0],
    ])
  })

  it('[K-08] nobody waits in line behind taps that never wait', async () => {
    const seen: string[] = []
    const { batches } = await hookNode([follower('a', seen)])
    batches.append(Array.from({ length: 10_000 }, (_, index) => String(index)))
    const seenAtTurns: number[] = []
    while (seen.length < 10_000) {
      await new Promise((resolve) => setImmediate(resolve))
      seenAtTurns.push(seen.length)
    }
    const steps = seenAtTurns.map((count, at) => count - (seenAtTurns[at - 1] ?? 0))
    expect(Math.max(...steps)).toBeLessThanOrEqual(128)
  })

  it('[K-08] a batch that is committed while an empty page is on its way is not slept over', async () => {
    const seen: string[] = []
    const { batches } = await hookNode([follower('a', seen)])
    await settle()
    batches.append(['1'])
    // The first page has the batch, the second one nothing.
    batches.meanwhile = () => {
      batches.meanwhile = () => batches.append(['2'])
    }
    await settle()
    expect(seen).toEqual(['1', '2'])
  })

  it('[K-08] whoever commits goes on before any tap is called', async () => {
    const seen: string[] = []
    const { batches } = await hookNode([follower('a', seen)])
    batches.append(['1'])
    await Promise.resolve()
    expect(seen).toEqual([])
    await settle()
    expect(seen).toEqual(['1'])
  })

  it('[K-08] an event that failed is tried again after 1 s, doubling to 10 min, and nothing comes before it', async () => {
    const clock = new FakeClock()
    const tries: number[] = []
    const seen: string[] = []
    let broken = true
    const { batches, node } = await hookNode(
      [
        follower('a', seen, (name) => {
          if (name === '2') tries.push(clock.monotonic())
          if (name === '2' && broken) throw new Error('broken')
        }),
      ],
      { clock },
    )
    batches.append(['1', '2', '3'])
    await settle()
    await clock.advance(3_600_000)
    await settle()
    const waits = tries.slice(1).map((at, index) => at - (tries[index] as number))
    expect(waits.slice(0, 12)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600].map((s) => s * 1000))
    expect(node.hooks.status().consumers[0]).toMatchObject({
      state: 'failing',
      attempts: tries.length,
      lastError: expect.stringContaining('broken'),
      cursor: { position: { index: 0 }, done: 1 },
      nextTry: clock.now() + 600_000 - (clock.monotonic() - (tries.at(-1) as number)),
    })
    broken = false
    await clock.advance(600_000)
    await settle()
    expect(seen.filter((name) => name !== '2')).toEqual(['1', '3'])
    const [{ attempts, ...status } = { attempts: -1 }] = node.hooks.status().consumers
    expect(attempts).toBe(0)
    expect(status).toMatchObject({ state: 'idle', lag: 0 })
    expect(status).not.toHaveProperty('lastError')
  })

  it('[K-08] retry tries what failed now, of one plugin or of all', async () => {
    const tries: string[] = []
    const failing = (id: string) =>
      follower(id, [], () => {
        tries.push(id)
        throw new Error('broken')
      })
    const { batches, node } = await hookNode([failing('a'), failing('b'), follower('c', [])])
    batches.append(['1'])
    await settle()
    expect(node.hooks.retry('a')).toBe(1)
    await settle()
    expect(tries).toEqual(['a', 'b', 'a'])
    expect(node.hooks.retry()).toBe(2)
    await settle()
    expect(tries).toHaveLength(5)
  })

  it('[K-05] a tap that hangs is not called again until its call has ended, then gets the same event', async () => {
    const clock = new FakeClock()
    const seen: string[] = []
    const first = held()
    const { batches, node } = await hookNode(
      [follower('stuck', seen, () => first.promise, { timeLimit: 5000 })],
      { clock },
    )
    batches.append(['1', '2'])
    await settle()
    await clock.advance(5000)
    expect(node.hooks.status().consumers[0]).toMatchObject({
      state: 'hanging',
      hangingSince: clock.now() - 5000,
      lastError: expect.stringContaining('5000 ms'),
    })
    await clock.advance(3_600_000)
    batches.append(['3'])
    expect(node.hooks.retry()).toBe(0)
    await settle()
    expect(seen).toEqual(['1'])
    first.release()
    await settle()
    expect(seen).toEqual(['1', '1', '2', '3'])
  })

  it('[K-08] a tap that is new sees what comes after its first start, also across restarts', async () => {
    const seen: string[] = []
    const { batches, node } = await hookNode([follower('old', [])])
    batches.append(['1'])
    await settle()
    await node.stop()
    const second = await hookNode([follower('old', []), follower('new', seen)], { batches })
    expect(seen).toEqual([])
    batches.append(['2'])
    await settle()
    await second.node.stop()
    batches.append(['3'])
    await hookNode([follower('new', seen)], { batches })
    await settle()
    expect(seen).toEqual(['2', '3'])
  })

  it('[K-08] taps are called from when everything has started until before anything stops', async () => {
    const life: string[] = []
    const batches = new MemoryBatches()
    const { node, clock } = await hookNode(
      [
        plugin('a', ({ hooks, onStart, onStop }) => {
          hooks.onManifestBatch.tap(async () => void life.push('batch'))
          onStart(async () => {
            batches.append(['1'])
            await settle()
            life.push('started')
          })
          onStop(async () => {
            batches.append(['2'])
            await settle()
            life.push('stopped')
          })
        }),
      ],
      { batches },
    )
    await settle()
    await node.stop()
    expect(life).toEqual(['started', 'batch', 'stopped'])
    expect(clock.timers).toBe(0)
    expect(batches.listeners).toBe(0)
  })

  it('[K-08] cursors are saved together once a second, and when the node stops', async () => {
    const clock = new FakeClock()
    const { batches, node } = await hookNode([follower('a', []), follower('b', [])], { clock })
    for (let index = 0; index < 1000; index++) batches.append([String(index)])
    await settle()
    while (node.hooks.status().consumers.some(({ lag }) => lag > 0)) await settle()
    expect(batches.saves).toBe(0)
    await clock.advance(1000)
    await settle()
    expect(batches.saves).toBe(1)
    expect(batches.consumers().map(({ cursor }) => cursor.position.index)).toEqual([1000, 1000])
    batches.append(['last'])
    await settle()
    await node.stop()
    expect(batches.saves).toBe(2)
    expect(batches.consumers().map(({ cursor }) => cursor.position.index)).toEqual([1001, 1001])
  })

  it('[K-08] a crash repeats what was not saved, and skips nothing', async () => {
    const seen: string[] = []
    const clock = new FakeClock()
    const { batches } = await hookNode([follower('a', seen)], { clock })
    batches.append(['1', '2', '3'])
    await settle()
    await clock.advance(1000)
    batches.append(['4', '5'])
    await settle()
    // The first node is left as it is, with what it had not saved.
    await hookNode([follower('a', seen)], { batches })
    await settle()
    expect(seen).toEqual(['1', '2', '3', '4', '5', '4', '5'])
  })

  it('[K-08] a failure and the time of its next try outlive a restart', async () => {
    const clock = new FakeClock()
    const seen: string[] = []
    const failing = () =>
      follower('a', seen, () => {
        throw new Error('broken')
      })
    const { batches, node } = await hookNode([failing()], { clock })
    batches.append(['1'])
    await settle()
    await clock.advance(3000)
    await settle()
    expect(seen).toHaveLength(3)
    await node.stop()
    const second = await hookNode([failing()], { batches, clock })
    expect(second.node.hooks.status().consumers[0]).toMatchObject({
      state: 'failing',
      attempts: 3,
      nextTry: clock.now() + 4000,
    })
    await clock.advance(3999)
    await settle()
    expect(seen).toHaveLength(3)
    await clock.advance(1)
    await settle()
    expect(seen).toHaveLength(4)
  })

  it('[K-08] cursors that cannot be saved do not stop delivery, and are saved when they can be', async () => {
    const clock = new FakeClock()
    const seen: string[] = []
    const { batches } = await hookNode([follower('a', seen)], { clock })
    batches.broken = new Error('no space')
    batches.append(['1'])
    await settle()
    await clock.advance(1000)
    batches.append(['2'])
    await settle()
    expect(seen).toEqual(['1', '2'])
    batches.broken = undefined
    await clock.advance(1000)
    await settle()
    expect(batches.consumers()[0]?.cursor.position.index).toBe(2)
  })

  it('[K-08] instead of batches that the log does not hold comes one reset', async () => {
    const seen: string[] = []
    const { batches } = await hookNode([follower('a', seen)])
    batches.append(['1'])
    batches.reset()
    batches.append(['3'])
    await settle()
    expect(seen).toEqual(['1', 'reset at 2', '3'])
  })

  it('[K-08] stop does not wait longer than its deadline for a tap that hangs; it gets the event again', async () => {
    const clock = new FakeClock()
    const seen: string[] = []
    const signals: AbortSignal[] = []
    const stuck = follower('a', seen, (_name, { signal }) => {
      signals.push(signal)
      return new Promise(() => undefined)
    })
    const { batches, node } = await hookNode([stuck], { clock, stopDeadline: 2000 })
    batches.append(['1'])
    await settle()
    const stopped = node.stop()
    await settle()
    expect(signals[0]?.reason).toMatchObject({ code: 'HF_STOPPED' })
    await clock.advance(2000)
    await stopped
    await hookNode([follower('a', seen)], { batches })
    await settle()
    expect(seen).toEqual(['1', '1'])
  })

  it('[K-08] a process whose only business is a stop that waits lives until it has stopped', async () => {
    const program = fileURLToPath(new URL('hanging-program.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=holdfast-source', program])
    expect(stdout).toBe('stopped\n')
  })

  it('[K-14] an absent consumer is in the status, holds the log, and ends by forget', async () => {
    const { batches, node } = await hookNode([follower('gone', [])])
    batches.append(['1'])
    await settle()
    await node.stop()
    const second = await hookNode([follower('here', [])], { batches })
    batches.append(['2'])
    batches.append(['3'])
    await settle()
    const { hooks } = second.node
    await hooks.drain()
    expect(hooks.status().consumers).toEqual([
      expect.objectContaining({ plugin: 'here', state: 'idle', lag: 0 }),
      expect.objectContaining({ plugin: 'gone', state: 'absent', lag: 2 }),
    ])
    expect(hooks.floor()).toEqual({ kind: 'at', position: { term: 1, index: 1 } })
    expect(hooks.floor({ ceiling: 1 })).toEqual({ kind: 'at', position: { term: 1, index: 3 } })
    await expect(hooks.forget('here')).rejects.toMatchObject({ code: 'HF_REQUEST_INVALID' })
    expect(await hooks.forget('gone')).toBe(1)
    expect(await hooks.forget('gone')).toBe(0)
    expect(hooks.status().consumers).toHaveLength(1)
    expect(hooks.floor()).toEqual({ kind: 'at', position: { term: 1, index: 3 } })
  })

  it('[K-14] taps of onFileDeleted hold no log', async () => {
    const { node } = await hookNode([
      plugin('files', ({ hooks }) => hooks.onFileDeleted.tap(async () => undefined)),
    ])
    expect(node.hooks.floor()).toEqual({ kind: 'none' })
  })

  it('[K-09] files of one record come one by one, and the one that failed is the one that comes again', async () => {
    const clock = new FakeClock()
    const seen: string[] = []
    let broken = true
    const files = plugin('files', ({ hooks }) =>
      hooks.onFileDeleted.tap(async ({ key }: DeletedFile) => {
        seen.push(key)
        if (key === ('b' as string) && broken) throw new Error('broken')
      }),
    )
    const { batches, node } = await hookNode([files], { clock })
    batches.append(['1'], ['a', 'b', 'c'])
    await settle()
    await node.stop()
    broken = false
    await hookNode([files], { batches, clock })
    await clock.advance(1000)
    await settle()
    expect(seen).toEqual(['a', 'b', 'b', 'c'])
  })

  it('[K-08] drain waits for what can be delivered now, and its signal ends the wait', async () => {
    const first = held()
    const seen: string[] = []
    const { batches, node } = await hookNode([
      follower('slow', seen, () => first.promise),
      follower('failing', [], () => Promise.reject(new Error('broken'))),
    ])
    batches.append(['1', '2'])
    const cancelled = new AbortController()
    const waiting = node.hooks.drain({ signal: cancelled.signal })
    cancelled.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    const drained = node.hooks.drain()
    await settle()
    expect(seen).toEqual(['1'])
    first.release()
    await drained
    expect(seen).toEqual(['1', '2'])
    expect(batches.consumers().find(({ plugin }) => plugin === 'slow')?.cursor.position.index).toBe(1)
  })
})
