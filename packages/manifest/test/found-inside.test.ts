import { definePlugin, FailpointRegistry, Rendezvous, systemClock } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { createSeal } from '../src/format/seal.ts'
import { restore } from '../src/install/restore.ts'
import { stateRows } from '../src/install/rows.ts'
import { Records } from '../src/journal/records.ts'
import { OWNER } from '../src/journal/rows.ts'
import { Rows } from '../src/state/rows.ts'
import { State } from '../src/state/state.ts'
import { openMemory } from '../src/store/memory.ts'
import { openedOf } from './opened.ts'
import { testNode } from './support.ts'

describe('what simulated lifetimes have found, told from the inside', () => {
  it('[M-15] a journal that cannot be written says so by a code, and what is full by its own', async () => {
    const memory = openMemory()
    let broken: string | undefined
    const store = {
      ...memory,
      transaction: <T>(fn: Parameters<typeof memory.transaction<T>>[0]) =>
        memory.transaction((writer) => {
          const value = fn(writer)
          if (broken !== undefined) throw Object.assign(new Error('the disk says no'), { code: broken })
          return value
        }),
    }
    const rows = new Rows(store, await createSeal())
    rows.transaction(() => rows.put(OWNER, (payload) => void payload.text('me')))
    const isFull = (error: unknown) => (error as { code?: unknown }).code === 'ENOSPC'
    const records = new Records(rows, 'me', { isFull }, new FailpointRegistry())
    const spool = () => records.spool('plan', 0, [])
    broken = 'ENOSPC'
    await expect(spool()).rejects.toMatchObject({ code: 'HF_NO_SPACE' })
    broken = 'EIO'
    await expect(spool()).rejects.toMatchObject({ code: 'HF_COMMIT_FAILED' })
    broken = undefined
    await expect(spool()).resolves.toBeUndefined()
  })

  it('[K-15] a process that was overtaken gives the rows of its successor with the head that belongs to them', async () => {
    const store = openMemory()
    const seal = await createSeal()
    const overtaken = new State(store, seal)
    const successor = new State(store, seal)
    successor.rows.transaction(() => {
      Object.assign(successor.head, { term: 1, index: 7 })
      successor.flush()
    })
    expect(overtaken.head.index).toBe(0)
    using rows = stateRows({ store, seal, logId: 'log', clock: systemClock })
    expect(rows.head.position).toEqual({ term: 1, index: 7 })
    const next = openMemory()
    const parts = { store: next, seal, failpoints: new FailpointRegistry() }
    await expect(restore(rows, parts)).resolves.toMatchObject({ index: 7 })
  })

  it('[M-11] a key that is doomed while it is found to have no business in the queue stays in it', async () => {
    let open = false
    const test = await testNode({
      erasing: true,
      plugins: [
        definePlugin({
          name: 'test-gate',
          id: 'gate',
          version: '1.0.0',
          api: '1.0',
          setup: ({ hooks }) =>
            hooks.gate.tap(async () => (open ? undefined : { deny: 'not yet', retryAfter: 3_600_000 })),
        }),
      ],
    })
    const { key: name } = await test.files.write('a/x', 'x')
    const { committer, eraseQueue } = openedOf(test.node)
    await test.files.delete('a/x', { delay: 0 })
    // As a bug would leave it: the next pass finds it in the queue, and due to be doomed.
    await committer.local(() => eraseQueue.add(name, 0))
    await expect(test.eraser.drain()).rejects.toMatchObject({ code: 'HF_GATE_DENIED' })
    const rendezvous = new Rendezvous()
    test.failpoints.arm('eraser.delete.before', { kind: 'park', rendezvous })
    open = true
    const drained = test.eraser.drain()
    await rendezvous.reached
    await expect.poll(() => test.manifest.key(name)?.state).toBe('doomed')
    rendezvous.release()
    await drained
    expect(test.manifest.key(name)?.state).toBe('gone')
    expect(test.objects.byKey.has(name)).toBe(false)
  })
})
