import { cpSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditEvent } from '@holdfast/core'
import { MemoryObjects } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { read, register, storedRows, T0, type TestNode, tempFolder, testNode } from '../support.ts'

const OWNER = '.holdfast/owner.json'
const STORE = '.holdfast/store.json'

/** A node that may delete bytes. */
const erasingNode = (options: Parameters<typeof testNode>[0] = {}) => testNode({ ...options, erasing: true })

const verdict = ({ node }: TestNode) => node.gate.check({ action: 'erase', actor: 'user' })
const behind = { allowed: false, by: 'manifest', reason: 'manifest_behind' }
const ownerOf = (objects: MemoryObjects) => Buffer.from(objects.byKey.get(OWNER)!.bytes).toString()

/** The data folder as it is now. LMDB is copied as a snapshot of the machine would do it: between two transactions. */
function copyOf(dataDir: string): string {
  const copy = tempFolder()
  cpSync(dataDir, copy, { recursive: true })
  rmSync(join(copy, 'lock'), { force: true })
  return copy
}

/** A node whose data folder was copied, and went on for one file. */
async function restored(): Promise<TestNode> {
  const first = await erasingNode()
  await first.files.write('a/old', 'old')
  const copy = copyOf(first.dataDir)
  await first.files.write('a/new', 'new')
  await first.node.stop()
  return erasingNode({ dataDir: copy, objects: first.objects, clock: first.clock })
}

describe('a manifest that is older than its store', () => {
  it('[B-11] put back from a copy: reads and writes go on, nothing is destroyed', async () => {
    const test = await restored()
    expect(await read(test.files, 'a/old')).toBe('old')
    expect(await test.files.stat('a/new')).toBeUndefined()
    await test.files.write('a/next', 'next')
    expect(await verdict(test)).toMatchObject(behind)
    expect(test.manifest.status().behind).toContain('acknowledge')
    await test.files.delete('a/old', { delay: 0 })
    await expect(test.eraser.drain()).rejects.toMatchObject({ code: 'HF_GATE_DENIED' })
    expect([...test.objects.byKey.keys()].filter((key) => key.startsWith('a/'))).toHaveLength(3)
  })

  it('[B-11] is noticed before it could catch up by commits of its own, and stays so over restarts', async () => {
    let test = await restored()
    const owner = ownerOf(test.objects)
    for (let life = 0; life < 3; life++) {
      for (let file = 0; file < 10; file++) await test.commit(register(`b/${life}-${file}`))
      await test.clock.advance(10_000)
      expect(await verdict(test)).toMatchObject(behind)
      expect(ownerOf(test.objects)).toBe(owner)
      test = await test.restart()
    }
    expect(await verdict(test)).toMatchObject(behind)
  })

  it('[B-11] is noticed also when the store was away while it caught up', async () => {
    const first = await erasingNode()
    await first.files.write('a/old', 'old')
    const copy = copyOf(first.dataDir)
    await first.files.write('a/new', 'new')
    await first.node.stop()
    const { byKey } = first.objects
    const records = [STORE, OWNER].map((key) => [key, byKey.get(key)!] as const)
    for (const [key] of records) byKey.delete(key)
    const test = await erasingNode({ dataDir: copy, objects: first.objects, clock: first.clock })
    for (let file = 0; file < 10; file++) await test.commit(register(`b/${file}`))
    expect(await verdict(test)).toMatchObject({ allowed: false, reason: 'store_mismatch' })
    const again = await test.restart()
    for (const [key, record] of records) byKey.set(key, record)
    expect(await verdict(again)).toMatchObject(behind)
  })

  it('[B-11] leaves the unfinished writes of its past alone: they may have been finished since', async () => {
    const first = await erasingNode()
    let copy = ''
    first.failpoints.arm('files.write.stored', {
      kind: 'callback',
      call: () => {
        copy = copyOf(first.dataDir)
      },
    })
    const { key } = await first.files.write('a/x', 'x')
    await first.node.stop()
    const test = await erasingNode({ dataDir: copy, objects: first.objects, clock: first.clock })
    expect(test.manifest.key(key)).toBeUndefined()
    expect(await verdict(test)).toMatchObject(behind)
    expect(test.objects.byKey.has(key)).toBe(true)
  })

  it('[X-05] two that acknowledge it at once: one does, the other has nothing to do, and one event says so', async () => {
    const test = await restored()
    const events: AuditEvent[] = []
    test.node.audit.on((event) => events.push(event))
    const both = ['ada', 'bob'].map((actor) => test.manifest.acknowledge({ actor }))
    expect(await Promise.all(both)).toEqual([true, false])
    expect(events.map(({ audit }) => audit)).toEqual(['manifest_acknowledged'])
    expect(await verdict(test)).toMatchObject({ allowed: true })
  })

  it('[B-11] is the one to go by from when somebody says so: audited, durable, once', async () => {
    const test = await restored()
    const events: AuditEvent[] = []
    test.node.audit.on((event) => events.push(event))
    expect(await test.manifest.acknowledge({ actor: 'ada' })).toBe(true)
    expect(events).toMatchObject([
      {
        audit: 'manifest_acknowledged',
        by: 'ada',
        found: expect.stringContaining('put back from a copy'),
        position: { index: 1 },
        at: T0,
        node: 'node-1',
      },
    ])
    expect(await verdict(test)).toMatchObject({ allowed: true })
    expect(test.manifest.status().behind).toBeUndefined()
    expect(await test.manifest.acknowledge({ actor: 'ada' })).toBe(false)
    expect(events).toHaveLength(1)
    await test.files.delete('a/old', { delay: 0 })
    expect(await test.eraser.drain()).toMatchObject({ waiting: 0 })
    const again = await test.restart()
    expect(await verdict(again)).toMatchObject({ allowed: true })
    await again.node.stop()
    const rows = storedRows(again.dataDir)
    expect(rows.get(Buffer.from('Nlives'))!.toString('latin1')).toContain('ada')
    await rows.close()
  })

  it('[B-11] is so against the owner that was shown only: another one is shown first', async () => {
    const test = await restored()
    const { objects, clock } = test
    const elsewhere = await erasingNode({ dataDir: copyOf(test.dataDir), objects, clock })
    const objection = await test.manifest.objection()
    expect(test.manifest.status().behind).toBe(objection)
    // Its own records change nothing about it.
    await test.files.write('a/next', 'next')
    expect(await test.manifest.objection()).toBe(objection)
    await elsewhere.manifest.acknowledge({ actor: 'bob' })
    const owner = ownerOf(objects)
    const events: AuditEvent[] = []
    test.node.audit.on((event) => events.push(event))
    const refused = await test.manifest.acknowledge({ actor: 'ada', objection: objection! }).catch((e) => e)
    expect(refused).toMatchObject({ code: 'HF_INPUT_CHANGED', kind: 'conflict' })
    expect({ owner: ownerOf(objects), events }).toEqual({ owner, events: [] })
    expect(await verdict(test)).toMatchObject(behind)
    const now = await test.manifest.objection()
    expect([refused.context.objection, test.manifest.status().behind]).toEqual([now, now])
    expect(now).not.toBe(objection)
    expect(await test.manifest.acknowledge({ actor: 'ada', objection: now! })).toBe(true)
    expect(events).toMatchObject([{ audit: 'manifest_acknowledged', found: now }])
    expect(await test.manifest.objection()).toBeUndefined()
    expect(await verdict(test)).toMatchObject({ allowed: true })
  })

  it('[B-11] is so against both records of the store, or neither is written', async () => {
    const test = await restored()
    const objection = (await test.manifest.objection())!
    put(test.objects, STORE, 'damaged')
    const [owner, store] = [ownerOf(test.objects), test.objects.byKey.get(STORE)]
    await expect(test.manifest.acknowledge({ actor: 'ada', objection })).rejects.toMatchObject({
      code: 'HF_INPUT_CHANGED',
    })
    expect([ownerOf(test.objects), test.objects.byKey.get(STORE)]).toEqual([owner, store])
    const both = (await test.manifest.objection())!
    expect(both).toMatch(/identity record is damaged; .*put back from a copy/)
    expect(await test.manifest.acknowledge({ actor: 'ada', objection: both })).toBe(true)
    expect(await verdict(test)).toMatchObject({ allowed: true })
  })

  it('[B-11] needs a name for that', async () => {
    const test = await restored()
    await expect(test.manifest.acknowledge({ actor: '' })).rejects.toThrow(TypeError)
    expect(await verdict(test)).toMatchObject(behind)
  })

  for (const at of [
    'acknowledge.before',
    'acknowledge.after',
    'owner.record.before',
    'owner.record.after',
  ] as const)
    it(`[B-11] an acknowledgement that fails at ${at} is repeated`, async () => {
      const test = await restored()
      test.failpoints.arm(at, { kind: 'error' })
      await expect(test.manifest.acknowledge({ actor: 'ada' })).rejects.toMatchObject({
        code: 'HF_FAILPOINT',
      })
      const again = await test.restart()
      await again.manifest.acknowledge({ actor: 'ada' })
      expect(await verdict(again)).toMatchObject({ allowed: true })
    })
})

describe('two manifests on one store', () => {
  it('[B-11] of a manifest and its copy the one that came later goes on; the other destroys nothing', async () => {
    const first = await erasingNode()
    await first.files.write('a/x', 'x')
    await first.clock.advance(10_000)
    const { objects, clock } = first
    const second = await erasingNode({ dataDir: copyOf(first.dataDir), objects, clock })
    expect(await verdict(second)).toMatchObject({ allowed: true })
    expect(await verdict(first)).toMatchObject(behind)
    const owner = ownerOf(objects)
    await first.files.write('a/y', 'y')
    await clock.advance(20_000)
    expect(ownerOf(objects)).toBe(owner)
    expect(await verdict(second)).toMatchObject({ allowed: true })
    expect(await verdict(await first.restart())).toMatchObject(behind)
  })

  it('[B-11] the last one that was acknowledged goes on, and never both', async () => {
    const first = await erasingNode()
    await first.files.write('a/x', 'x')
    await first.clock.advance(10_000)
    const { objects, clock } = first
    const second = await erasingNode({ dataDir: copyOf(first.dataDir), objects, clock })
    for (const [winner, loser] of [
      [first, second],
      [second, first],
      [first, second],
    ] as const) {
      await verdict(winner)
      expect(await winner.manifest.acknowledge({ actor: 'ada' })).toBe(true)
      expect(await verdict(winner)).toMatchObject({ allowed: true })
      expect(await verdict(loser)).toMatchObject(behind)
    }
  })

  it('[B-11] a manifest that went back under its running node is noticed at the next chunk', async () => {
    const test = await erasingNode()
    await test.commit(register('a/x'))
    const ahead = JSON.parse(ownerOf(test.objects))
    const { sum: _, ...record } = { ...ahead, format: 1, position: { term: 1, index: 7 } }
    for (let file = 0; file < 10; file++) await test.commit(register(`b/${file}`))
    put(test.objects, OWNER, JSON.stringify(record))
    expect(await verdict(test)).toMatchObject(behind)
    expect(await verdict(await test.restart())).toMatchObject(behind)
  })

  it('[B-11] a record of its own past, which a process wrote that was taken over, is written anew', async () => {
    const first = await erasingNode()
    const past = first.objects.byKey.get(OWNER)!
    const second = await first.restart()
    const present = ownerOf(second.objects)
    second.objects.byKey.set(OWNER, past)
    expect(await verdict(second)).toMatchObject({ allowed: true })
    expect(ownerOf(second.objects)).toBe(present)
  })
})

describe('a store that is not what the manifest knows', () => {
  it('[B-10] without its identity from one chunk to the next: denied, and allowed when it is back', async () => {
    const test = await erasingNode()
    expect(await verdict(test)).toMatchObject({ allowed: true })
    const record = test.objects.byKey.get(STORE)!
    test.objects.byKey.delete(STORE)
    expect(await verdict(test)).toMatchObject({ allowed: false, reason: 'store_mismatch' })
    for (const asked of [() => test.manifest.objection(), () => test.manifest.acknowledge({ actor: 'ada' })])
      await expect(asked()).rejects.toMatchObject({ code: 'HF_STORE_MISMATCH' })
    expect(test.objects.byKey.has(STORE)).toBe(false)
    test.objects.byKey.set(STORE, record)
    expect(await verdict(test)).toMatchObject({ allowed: true })
  })

  it("[B-10] another's identity from one chunk to the next: denied, and nobody's word changes that", async () => {
    const test = await erasingNode()
    put(test.objects, STORE, JSON.stringify({ format: 1, storeId: 'other', logId: 'other' }))
    expect(await verdict(test)).toMatchObject({ allowed: false, reason: 'store_mismatch' })
    await expect(test.manifest.acknowledge({ actor: 'ada' })).rejects.toMatchObject({
      code: 'HF_STORE_MISMATCH',
    })
  })

  it('[B-10] without its owner record: denied until it is back, or somebody says that the manifest is right', async () => {
    const test = await erasingNode()
    const record = test.objects.byKey.get(OWNER)!
    test.objects.byKey.delete(OWNER)
    const gone = { allowed: false, reason: 'store_mismatch', message: expect.stringContaining('acknowledge') }
    expect(await verdict(test)).toMatchObject(gone)
    test.objects.byKey.set(OWNER, record)
    expect(await verdict(test)).toMatchObject({ allowed: true })
    test.objects.byKey.delete(OWNER)
    const again = await test.restart()
    expect(await verdict(again)).toMatchObject(gone)
    expect(await again.manifest.acknowledge({ actor: 'ada' })).toBe(true)
    expect(await verdict(again)).toMatchObject({ allowed: true })
  })

  it('[B-10] is not given an identity by a data folder that has one elsewhere, nor by one that lost its manifest', async () => {
    const first = await erasingNode()
    await first.files.write('a/x', 'x')
    await first.node.stop()
    const { dataDir, objects } = first
    const before = [...objects.byKey.keys()]
    truncateSync(join(dataDir, 'manifest', 'data.mdb'), 0)
    for (let life = 0; life < 2; life++)
      await expect(testNode({ dataDir, objects })).rejects.toMatchObject({ code: 'HF_MANIFEST_CORRUPT' })
    const other = tempFolder()
    for (let life = 0; life < 2; life++)
      await expect(testNode({ dataDir: other, objects })).rejects.toMatchObject({
        code: 'HF_STORE_MISMATCH',
        message: expect.stringContaining('from a copy'),
      })
    expect([...objects.byKey.keys()]).toEqual(before)
    // Nothing was decided by that: with an empty store it is a new node.
    const fresh = await testNode({ dataDir: other, objects: new MemoryObjects() })
    expect(fresh.manifest.head().generation).toBe(0)
  })
})

function put(objects: MemoryObjects, key: string, text: string): void {
  const bytes = Buffer.from(text)
  objects.byKey.set(key, { ...objects.byKey.get(key)!, bytes, size: bytes.length })
}
