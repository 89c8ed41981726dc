import {
  createNode,
  definePlugin,
  type Entry,
  type FileInspection,
  type FileTimes,
  INSPECT_BYTES,
  type InspectedFile,
  type Plugin,
  parsePath,
  type TapContext,
} from '@holdfast/core'
import { backendMemory, FakeClock, FaultPlan, MemoryObjects, withFaults } from '@holdfast/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { plugin, settle } from './support.ts'

const BYTES = Buffer.from('0123456789')
const KEY = 'ns/file~1' as Entry['key']

function entryOf(facts: Partial<Entry> = {}): Entry {
  const fixed = { namespace: 'ns', checksum: 'sha256:00', createdAt: 1, origin: 'n', storeId: 's' }
  return { path: parsePath('ns/file'), key: KEY, generation: 1, size: BYTES.length, ...fixed, ...facts }
}

type Inspect = (file: InspectedFile, context: TapContext) => unknown

/** A plugin that taps the hook with whatever it is given, right or wrong. */
const inspector = (id: string, fn: Inspect, timeLimit?: number) =>
  plugin(id, ({ hooks }) =>
    hooks.inspectFile.tap({ ...(timeLimit !== undefined && { timeLimit }) }, fn as () => Promise<FileTimes>),
  )

interface Opened {
  readonly inspection: FileInspection
  readonly clock: FakeClock
  readonly faults: FaultPlan
}

/** A node over memory, with these bytes in its store. */
async function opened(taps: readonly Plugin[], bytes: Uint8Array = BYTES): Promise<Opened> {
  const objects = new MemoryObjects()
  const clock = new FakeClock()
  const faults = new FaultPlan()
  let inspection: FileInspection | undefined
  const asker = definePlugin({
    name: 'test-asker',
    id: 'asker',
    version: '1.0.0',
    api: '1.0',
    needs: ['backend'],
    setup(ctx) {
      inspection = ctx.inspection
      ctx.onStart(async ({ backend }) => {
        for (const key of [KEY, 'ns/file']) await backend.write(key, bytes)
      })
    },
  })
  const backend = withFaults(backendMemory({ objects }), faults)
  const options = { id: 'n', log: 'silent', clock, storeRetries: 0, storeRate: 'off' } as const
  const node = await createNode({ plugins: [backend, asker, ...taps], ...options }).start()
  onTestFinished(async () => {
    const stopped = node.stop()
    await clock.advance(60_000)
    await stopped
  })
  return { inspection: inspection as FileInspection, clock, faults }
}

const readAll = (file: InspectedFile) => file.read({ start: 0, end: file.size })

describe('inspectFile', () => {
  it('[R-11] a tap reads of the file what it asks for, and the first that answers decides', async () => {
    const asked: string[] = []
    const { inspection } = await opened([
      inspector('silent', async () => void asked.push('silent')),
      inspector('knows', async (file) => {
        asked.push('knows')
        expect(file).toMatchObject({ path: 'ns/file', namespace: 'ns', size: 10 })
        expect(Buffer.from(await file.read({ start: 2, end: 5 })).toString()).toBe('234')
        expect(await file.read({ start: 10, end: 10 })).toHaveLength(0)
        return { minTime: 1, maxTime: 2, rows: 3 }
      }),
      inspector('late', async () => void asked.push('late')),
    ])
    expect(inspection.isTapped).toBe(true)
    const found = await inspection.inspect(entryOf())
    expect(found).toEqual({ status: 'known', by: 'knows', times: { minTime: 1, maxTime: 2, rows: 3 } })
    expect(asked).toEqual(['silent', 'knows'])
  })

  it('[R-11] where nobody answers, nothing is known', async () => {
    const none = await opened([])
    expect(none.inspection.isTapped).toBe(false)
    expect(await none.inspection.inspect(entryOf())).toEqual({ status: 'unknown' })
    const silent = await opened([inspector('silent', async () => undefined)])
    expect(await silent.inspection.inspect(entryOf())).toEqual({ status: 'unknown' })
  })

  it.each<[what: string, fn: Inspect, why: string]>([
    ['rejects', async () => Promise.reject(new Error('broken')), 'failed: broken'],
    ['is synchronous', () => ({ maxTime: 1 }), 'returned no promise'],
    ['answers null', async () => null, 'resolved with null'],
    ['answers a number', async () => 1, 'resolved with number'],
    ['answers a list', async () => [1], 'resolved with object'],
    ['answers with an unknown field', async () => ({ maxTime: 1, newest: 2 }), '"newest", which is unknown'],
    ['answers with half a millisecond', async () => ({ maxTime: 1.5 }), 'a maxTime that is not whole'],
    ['answers with a time as text', async () => ({ maxTime: '1' }), 'a maxTime that is not whole'],
    ['answers with a BigInt', async () => ({ maxTime: 1n }), 'a maxTime that is not whole'],
    ['answers with a time beyond all', async () => ({ minTime: -(2 ** 52) }), 'a minTime that is not whole'],
    ['answers with NaN', async () => ({ maxTime: Number.NaN }), 'a maxTime that is not whole'],
    ['answers with negative rows', async () => ({ rows: -1 }), 'rows that are not'],
    ['crosses its times', async () => ({ minTime: 2, maxTime: 1 }), 'a minTime after its maxTime'],
    ['reads behind the end', (file) => file.read({ start: 0, end: 11 }), 'not within the 10 bytes'],
    ['reads before the start', (file) => file.read({ start: -1, end: 1 }), 'not within the 10 bytes'],
    ['names no range', (file) => (file.read as () => Promise<unknown>)(), 'not within the 10 bytes'],
    ['changes the file', async (file) => Object.assign(file, { size: 1 }), 'failed: Cannot assign'],
  ])('[K-05] a tap that %s is named, and no other is asked', async (_what, fn, why) => {
    let others = 0
    const { inspection } = await opened([
      inspector('wrong', fn),
      inspector('right', async () => void others++),
    ])
    const found = await inspection.inspect(entryOf())
    expect(found).toEqual({ status: 'failed', by: 'wrong', why: expect.stringContaining(why) })
    expect(others).toBe(0)
  })

  it('[K-05] one that hangs is given up at its limit: its signal fires, it reads no more, and is not called again', async () => {
    let file: InspectedFile | undefined
    let signal: AbortSignal | undefined
    const hangs: Inspect = (given, context) => {
      file = given
      signal = context.signal
      return new Promise(() => undefined)
    }
    const { inspection, clock } = await opened([inspector('stuck', hangs, 5000)])
    const first = inspection.inspect(entryOf())
    await settle()
    await clock.advance(5000)
    expect(await first).toMatchObject({ status: 'failed', by: 'stuck', why: 'took longer than 5000 ms' })
    expect(signal?.aborted).toBe(true)
    await expect(readAll(file as InspectedFile)).rejects.toMatchObject({ code: 'HF_STOPPED' })
    expect(await inspection.inspect(entryOf())).toMatchObject({ why: expect.stringContaining('has hung') })
  })

  it('[R-11] no answer counts of a tap that was not given the bytes that are listed', async () => {
    const { inspection, faults } = await opened([
      inspector('guesses', async (file) => {
        await readAll(file).catch(() => undefined)
        return { maxTime: 1 }
      }),
    ])
    const inspect = (facts: Partial<Entry>) => inspection.inspect(entryOf(facts))
    const unreadable = (code: string) => ({ status: 'unreadable', error: { code } })
    expect(await inspect({})).toMatchObject({ status: 'known' })
    expect(await inspect({ size: 9 })).toMatchObject(unreadable('HF_BYTES_CORRUPT'))
    expect(await inspect({ key: 'ns/none' as Entry['key'] })).toMatchObject(unreadable('HF_BYTES_MISSING'))
    faults.arm({ call: 'read', kind: 'unavailable' })
    expect(await inspect({})).toMatchObject(unreadable('HF_BACKEND'))
    // Taken over as it was, and written over since: its key says nothing of its bytes.
    const key = 'ns/file' as Entry['key']
    expect(await inspect({ key, changedAt: 12 })).toMatchObject(unreadable('HF_BYTES_CORRUPT'))
    expect(await inspect({ key })).toMatchObject({ status: 'known' })
  })

  it('[R-11] what taps may read of one file has a bound, in all ranges together', async () => {
    const bytes = new Uint8Array(INSPECT_BYTES / 2 + 1)
    const { inspection } = await opened(
      [
        inspector('greedy', async (file) => {
          await readAll(file)
          await readAll(file)
          return { maxTime: 1 }
        }),
      ],
      bytes,
    )
    expect(await inspection.inspect(entryOf({ size: bytes.length }))).toMatchObject({
      status: 'failed',
      why: expect.stringContaining(`more than ${INSPECT_BYTES} bytes`),
    })
  })

  it('[R-10] the question ends when it is cancelled, and so do its reads', async () => {
    const cancel = new AbortController()
    const { signal } = cancel
    let reading: Promise<unknown> | undefined
    const { inspection } = await opened([
      inspector('reads', async (file) => {
        cancel.abort(new Error('enough'))
        reading = readAll(file)
        await reading
      }),
    ])
    await expect(inspection.inspect(entryOf(), { signal })).rejects.toThrow('enough')
    await expect(reading).rejects.toThrow('enough')
    await expect(inspection.inspect(entryOf(), { signal })).rejects.toThrow('enough')
  })
})
