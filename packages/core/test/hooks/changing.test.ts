import {
  type CommittedBatch,
  createLogger,
  type DeletedFile,
  MetricsRegistry,
  type Position,
} from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
// beforeSnapshotWrite is not called by the kernel yet.
import { createHooks } from '../../src/hooks/hooks.ts'
import { plugin, settle } from '../support.ts'
import { follower, hookNode } from './support.ts'

/** Tries to change an object of which the type says that it cannot be changed. */
function change<T extends object>(object: T, changes: { [K in keyof T]?: unknown }): void {
  for (const [name, value] of Object.entries(changes)) Reflect.set(object, name, value)
}

describe('a tap that changes what it is given', () => {
  it('[K-08] loses nothing, moves no cursor, and changes nothing for others', async () => {
    const changed: string[] = []
    const changer = plugin('changer', ({ hooks }) =>
      hooks.onManifestBatch.tap(async (event) => {
        changed.push((event as CommittedBatch).id)
        change<Position>(event.position, { index: 1000 })
        change(event as CommittedBatch, { id: 'changed', position: { term: 9, index: 9 } })
        change<object>((event as CommittedBatch).ops, { length: 9 })
      }),
    )
    const seen: string[] = []
    const { node, batches } = await hookNode([changer, follower('other', seen)])
    for (const id of ['1', '2', '3']) batches.append([id])
    await settle()
    expect([changed, seen]).toEqual([
      ['1', '2', '3'],
      ['1', '2', '3'],
    ])
    await node.hooks.drain()
    expect(node.hooks.floor()).toEqual({ kind: 'at', position: { term: 1, index: 3 } })
    expect(node.hooks.status().consumers.map(({ lag }) => lag)).toEqual([0, 0])
  })

  it('[K-09] hears of every file', async () => {
    const heard: string[] = []
    const kept: unknown[] = []
    const changer = plugin('changer', ({ hooks }) =>
      hooks.onFileDeleted.tap(async (event) => {
        heard.push(event.key)
        change<Position>(event.position, { index: 1000 })
        change<DeletedFile>(event, { key: 'changed' })
        kept.push([event.position.index, event.key])
      }),
    )
    const { node, batches } = await hookNode([changer])
    batches.append(['1'], ['a', 'b'])
    batches.append(['2'], ['c'])
    await settle()
    await node.hooks.drain()
    expect(heard).toEqual(['a', 'b', 'c'])
    expect(kept).toEqual([
      [1, 'a'],
      [1, 'b'],
      [2, 'c'],
    ])
    expect(node.hooks.status().consumers).toEqual([expect.objectContaining({ lag: 0 })])
  })

  it('[K-05] at beforeSnapshotWrite changes nothing for the next', async () => {
    const hooks = createHooks(new FakeClock(), createLogger('silent'), new MetricsRegistry())
    const intent = { position: { term: 1, index: 1 }, source: 'local', estimatedBytes: 1 } as const
    const seen: unknown[] = []
    hooks.portsOf('changer').beforeSnapshotWrite.tap(async (given) => {
      change<Position>(given.position, { index: 1000 })
      change(given, { estimatedBytes: 0 })
    })
    hooks.portsOf('next').beforeSnapshotWrite.tap(async (given) => void seen.push({ ...given }))
    await hooks.beforeSnapshotWrite.announce(intent)
    expect(seen).toEqual([{ position: { term: 1, index: 1 }, source: 'local', estimatedBytes: 1 }])
    expect(intent.position.index).toBe(1)
  })
})
