import { type CommitResult, createIds, FailpointRegistry, type Log, type Position } from '@holdfast/core'
import { FakeClock, memoryLog } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { Committer, type CommitterParts } from '../src/commit/committer.ts'
import { createSeal } from '../src/format/seal.ts'
import { ReplicatedCommitter } from '../src/replicated/committer.ts'
import { Follower } from '../src/replicated/follower.ts'
import type { BatchRow } from '../src/state/outcomes.ts'

const A = '01ARZ3NDEKTSV4RRFFQ69G5FAA'
const B = '01ARZ3NDEKTSV4RRFFQ69G5FAB'
const OPS = [{ type: 'release', id: 'none' }] as const
const row = (position: Position): BatchRow => ({ status: 'committed', position, outcomes: [] })

/** As much of a state as a committer asks for, with the answers that a test wants. */
function stateOf(find: (id: string) => BatchRow | undefined, transaction: () => void = () => undefined) {
  const head = { term: 1, index: 1, time: 0, record: 0n }
  return { head, recent: { find }, rows: { transaction }, reload: () => undefined }
}

describe('the embedded committer', () => {
  const io = (code: string) => Object.assign(new Error(code), { code })
  const broken = {
    'the disk cannot be looked at': {
      isFull() {
        throw io('ENOENT')
      },
    },
    'the reserve cannot be given away': {
      isFull: (error: unknown) => (error as { code?: string }).code === 'ENOSPC',
      async makeRoom() {
        throw io('EIO')
      },
    },
  }

  it.each(Object.entries(broken))('[M-19] answers, and goes on later, when %s', async (_, room) => {
    let full = true
    const clock = new FakeClock()
    const state = stateOf(
      () => undefined,
      () => {
        if (full) throw io('ENOSPC')
      },
    )
    const committer = new Committer({
      state,
      local: { reload: () => undefined },
      clock,
      room,
      ids: createIds(clock),
      failpoints: new FailpointRegistry(),
      nodeId: 'n',
    } as unknown as CommitterParts)
    await expect(committer.local(() => undefined)).rejects.toMatchObject({ code: 'HF_COMMIT_FAILED' })
    full = false
    await committer.local(() => undefined)
    await committer.close()
    expect(committer.broken).toContain('closed')
  })
})

/** A committer over a log whose appends a test answers. */
function replicated(find: (id: string) => BatchRow | undefined, append: () => Promise<void>) {
  const clock = new FakeClock()
  const state = stateOf(find)
  const log = {
    capabilities: { maxRecordBytes: 100_000 },
    async append() {
      await append()
      state.head.index++
      return { term: 1, index: state.head.index }
    },
    head: async () => ({ term: 1, index: state.head.index }),
  }
  const parts = {
    log,
    follower: { stopped: undefined, applied: async () => undefined, recheck: () => undefined },
    own: { close: async () => undefined },
    state,
    clock,
    room: { mustHaveRoom: () => undefined },
    ids: createIds(clock),
    nodeId: 'n',
    limit: 1000,
  }
  return { committer: new ReplicatedCommitter(parts as never), state }
}

describe('the committer of a shared log', () => {
  it('[M-16] an answer that cannot be read is unknown, and later commits are made', async () => {
    const rows = new Map<string, BatchRow>()
    let sick = false
    const { committer } = replicated(
      (id) => {
        if (sick) throw new Error('damaged')
        return rows.get(id)
      },
      async () => {
        sick = !rows.has(B)
        rows.set(B, row({ term: 1, index: 3 }))
      },
    )
    await expect(committer.commit({ id: A, ops: OPS })).rejects.toMatchObject({ code: 'HF_COMMIT_UNKNOWN' })
    sick = false
    rows.delete(B)
    const later = committer.commit({ id: B, ops: OPS })
    rows.set(B, row({ term: 1, index: 3 }))
    expect(await later).toMatchObject({ status: 'committed' })
    await committer.close()
  })

  it('[M-16] who leaves takes nobody else along who waits with the same batch', async () => {
    const gate = Promise.withResolvers<void>()
    const rows = new Map<string, BatchRow>()
    const { committer } = replicated(
      (id) => rows.get(id),
      async () => {
        await gate.promise
        rows.set(A, row({ term: 1, index: 2 })).set(B, row({ term: 1, index: 2 }))
      },
    )
    const first = committer.commit({ id: B, ops: OPS })
    await new Promise((resolve) => setTimeout(resolve, 5))
    const controller = new AbortController()
    const stays = committer.commit({ id: A, ops: OPS })
    const leaves = committer.commit({ id: A, ops: OPS }, { signal: controller.signal })
    const left = leaves.catch((error: unknown) => error)
    controller.abort(new Error('enough'))
    expect(await left).toMatchObject({ message: 'enough' })
    gate.resolve()
    const answers: CommitResult[] = await Promise.all([first, stays])
    expect(answers).toMatchObject([{ status: 'committed' }, { status: 'committed' }])
  })

  it('[M-16] a connection that says nothing any more is given up when the log has gone on without it', async () => {
    const seal = await createSeal()
    const clock = new FakeClock()
    const inner = memoryLog().connect('one')
    let follows = 0
    /** The first connection is half open: it never gives anything, and never fails. */
    const follow: Log['follow'] = (after, options) => {
      if (++follows > 1) return inner.follow(after, options)
      return (async function* (): AsyncGenerator<never> {
        await new Promise((_, reject) =>
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)),
        )
      })()
    }
    const log = new Proxy(inner, {
      get(target, name) {
        if (name === 'follow') return follow
        const own: unknown = Reflect.get(target, name)
        return typeof own === 'function' ? own.bind(target) : own
      },
    })
    const rows = new Map<string, BatchRow>()
    const state = stateOf((id) => rows.get(id))
    Object.assign(state.head, { term: 0, index: 0 })
    const follower = new Follower(
      {
        log,
        head: () => state.head as never,
        seal,
        clock,
        logger: { error: () => undefined } as never,
        async apply({ position, record, sum }) {
          for (const { id } of record.batches) rows.set(id, row(position))
          Object.assign(state.head, { ...position, time: record.time, record: sum })
        },
      },
      log.id,
    )
    const room = { mustHaveRoom: () => undefined }
    const own = { close: async () => undefined }
    const rest = { room, own, ids: createIds(clock), nodeId: 'n', limit: 1000 }
    const committer = new ReplicatedCommitter({ log, follower, state, clock, ...rest } as never)
    follower.begin()
    const answer = committer.commit({ id: A, ops: OPS })
    const settled = answer.then(
      () => true,
      () => true,
    )
    let over = false
    void settled.then(() => {
      over = true
    })
    for (let step = 0; step < 50 && !over; step++) {
      await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(200)
    }
    expect(await answer).toMatchObject({ status: 'committed', position: { index: 1 } })
    expect(follows).toBe(2)
    await committer.close()
    await follower.end()
  })
})
