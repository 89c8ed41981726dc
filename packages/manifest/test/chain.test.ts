import { LOG_START, type Log, type Position } from '@holdfast/core'
import { type MemoryLog, memoryLog } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../src/format/bytes.ts'
import { writeRecordHead } from '../src/format/record.ts'
import { createSeal, type Seal } from '../src/format/seal.ts'
import { type ChainPoint, followChain } from '../src/log/chain.ts'

/** Appends records as a manifest makes them, each with the digest of the one before. */
class Writer {
  readonly log: Log
  readonly #seal: Seal
  at: ChainPoint

  constructor(log: Log, seal: Seal) {
    this.log = log
    this.#seal = seal
    this.at = { logId: log.id, position: LOG_START, sum: 0n }
  }

  async append(time: number): Promise<ChainPoint> {
    const writer = new ByteWriter()
    writeRecordHead(writer, { previous: this.at.sum, time, origin: 'node-1' }, 0)
    const bytes = writer.copy()
    const position = await this.log.append(bytes, { expectedHead: this.at.position })
    this.at = { logId: this.log.id, position, sum: this.#seal.sum(bytes) }
    return this.at
  }
}

async function setUp(records: number) {
  const seal = await createSeal()
  const shared = memoryLog()
  const writer = new Writer(shared.connect('writer'), seal)
  const points = [writer.at]
  for (let at = 1; at <= records; at++) points.push(await writer.append(at))
  return { seal, shared, writer, points }
}

/** Times of the records that a reader gets from a point on; ends when it has so many. */
async function times(shared: MemoryLog, from: ChainPoint, seal: Seal, count: number): Promise<number[]> {
  const seen: number[] = []
  for await (const page of followChain(shared.connect('reader'), from, seal)) {
    seen.push(...page.map(({ record }) => record.time))
    if (seen.length >= count) break
  }
  return seen
}

const diverged = { code: 'HF_LOG_DIVERGED' }

describe('a reader that goes on where it was', () => {
  it('[M-20] gets what is behind it, from the beginning, the middle, the floor, and across leaders', async () => {
    const { seal, shared, writer, points } = await setUp(3)
    shared.changeLeader()
    await writer.append(4)
    expect(await times(shared, points[0]!, seal, 4)).toEqual([1, 2, 3, 4])
    expect(await times(shared, points[2]!, seal, 2)).toEqual([3, 4])
    shared.truncate(points[2]!.position)
    expect(await times(shared, points[2]!, seal, 2)).toEqual([3, 4])
    await expect(times(shared, points[1]!, seal, 1)).rejects.toMatchObject({ code: 'HF_LOG_GAP' })
  })

  it('[M-08] is told no gap when the log is truncated up to it in the moment of its look', async () => {
    const { seal, shared, points } = await setUp(3)
    const log = shared.connect('reader')
    const truncating = new Proxy(log, {
      get(target, name) {
        if (name === 'termAt')
          return async (index: number) => {
            const term = await target.termAt(index)
            shared.truncate(points[2]!.position)
            return term
          }
        const own: unknown = Reflect.get(target, name)
        return typeof own === 'function' ? own.bind(target) : own
      },
    })
    const seen: number[] = []
    for await (const page of followChain(truncating, points[2]!, seal)) {
      seen.push(...page.map(({ record }) => record.time))
      break
    }
    expect(seen).toEqual([3])
    await expect(times(shared, points[1]!, seal, 1)).rejects.toMatchObject({ code: 'HF_LOG_GAP' })
  })

  it('[M-20] notices a log that was re-created, also when it has as many records', async () => {
    const { seal, shared, points } = await setUp(3)
    shared.recreate()
    await expect(times(shared, points[3]!, seal, 1)).rejects.toMatchObject(diverged)
    const anew = new Writer(shared.connect('writer'), seal)
    for (let at = 1; at <= 4; at++) await anew.append(at)
    await expect(times(shared, points[3]!, seal, 1)).rejects.toMatchObject(diverged)
    await expect(times(shared, points[0]!, seal, 1)).rejects.toMatchObject(diverged)
  })

  it('[M-20] notices a log that went back in time, before and after it has grown again', async () => {
    const { seal, shared, writer, points } = await setUp(3)
    shared.dropNewest(2)
    await expect(times(shared, points[3]!, seal, 1)).rejects.toMatchObject(diverged)
    // Other records at the same positions, made by somebody who had not seen the lost ones.
    const other = new Writer(writer.log, seal)
    other.at = points[1]!
    for (const time of [20, 30, 40]) await other.append(time)
    expect(await writer.log.termAt(3)).toBe(points[3]?.position.term)
    await expect(times(shared, points[3]!, seal, 1)).rejects.toMatchObject(diverged)
    expect(await times(shared, points[1]!, seal, 3)).toEqual([20, 30, 40])
  })

  it('[M-20] notices at the floor, where there are no bytes to compare, by the next record', async () => {
    const { seal, shared, points } = await setUp(3)
    shared.truncate(points[2]!.position)
    const mistaken: ChainPoint = { ...points[2]!, sum: 7n }
    await expect(times(shared, mistaken, seal, 1)).rejects.toMatchObject(diverged)
  })

  it('[M-20] notices while it follows', async () => {
    const { seal, shared, points } = await setUp(3)
    const following = followChain(shared.connect('reader'), points[3]!, seal).next()
    const noticed = expect(following).rejects.toMatchObject(diverged)
    shared.dropNewest(1)
    await noticed
  })

  it('[M-20] notices a record in the middle that does not follow from the one before', async () => {
    const { seal, shared, writer, points } = await setUp(2)
    const foreign = new ByteWriter()
    writeRecordHead(foreign, { previous: 5n, time: 9, origin: 'stranger' }, 0)
    const expectedHead: Position = writer.at.position
    await writer.log.append(foreign.copy(), { expectedHead })
    await expect(times(shared, points[0]!, seal, 3)).rejects.toMatchObject(diverged)
  })
})
