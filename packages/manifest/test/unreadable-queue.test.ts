import { definePlugin, type Entry, type StorageKey } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { dueRow, replacementRow, retryRow } from '../src/format/rows.ts'
import { openedOf } from './opened.ts'
import { rowIn, spoil } from './spoil.ts'
import {
  condemn,
  doom,
  erased,
  key,
  newEntry,
  path,
  register,
  replace,
  rowNamed,
  storedRows,
  T0,
  type TestNode,
  testNode,
} from './support.ts'

const FILES = 12
const DAY = 86_400_000

/** Counts how often the eraser asks whether it may. */
function askedGate() {
  const gate = { asked: 0 }
  const plugin = definePlugin({
    name: 'test-asked-gate',
    id: 'asked-gate',
    version: '1.0.0',
    api: '1.0',
    setup: ({ hooks }) =>
      hooks.gate.tap(async ({ action }) => {
        if (action === 'erase') gate.asked++
        return undefined
      }),
  })
  return { gate, plugin }
}

/** A node that does not erase, with files that are condemned and due, in the order of their keys. */
async function withDue(names = Array.from({ length: FILES }, (_, at) => `f/${String(at).padStart(2, '0')}`)) {
  const test = await testNode()
  const entries: Entry[] = []
  for (const name of names) entries.push(await test.files.write(name, `bytes of ${name}`))
  await test.commit(...entries.map(({ key, generation }) => condemn(key, generation)))
  const keys = entries.map(({ key }) => key)
  const bytes = () => [...test.objects.byKey.keys()].filter((key) => !key.startsWith('.holdfast')).sort()
  return { test, keys, bytes }
}

/** Damages rows between two lives, of which the second erases. */
async function damaged(test: TestNode, ...rows: Buffer[]) {
  const { gate, plugin } = askedGate()
  await test.node.stop()
  const db = storedRows(test.dataDir)
  for (const row of rows) {
    const value = Buffer.from(db.get(row)!)
    value[0]! ^= 1
    await db.put(row, value)
  }
  await db.close()
  return { gate, test: await test.restart({ erasing: true, plugins: [plugin] }) }
}

type Due = Awaited<ReturnType<typeof withDue>>

/** How far the keys are when it is damaged, and the row of one of them. */
const ROWS: Record<
  string,
  { readonly come?: (due: Due) => Promise<unknown>; readonly row: (key: StorageKey) => Buffer }
> = {
  'that says when a condemned key is due': { row: (key) => dueRow('condemned', T0, key) },
  'of a condemned key': { row: (key) => rowNamed('k', key) },
  'of a doomed key': { come: doomed, row: (key) => rowNamed('k', key) },
  'of the queue, before the first try': { come: doomed, row: (key) => retryRow(0, key) },
  'of the queue, with the time of another try': { come: triedOnce, row: (key) => retryRow(T0, key) },
  'of the queue, with what went wrong': { come: triedOnce, row: (key) => rowNamed('E', key) },
}

function doomed({ test, keys }: Due) {
  return test.commit(...keys.map(doom))
}

async function triedOnce(due: Due): Promise<void> {
  await doomed(due)
  const { committer, eraseQueue } = openedOf(due.test.node)
  await committer.local(() => {
    for (const key of due.keys) eraseQueue.put({ key, since: T0, attempts: 1, nextTry: T0 })
  })
}

/** All but these are gone; these are named, and as they were. */
async function expectOthersGone({ eraser, manifest }: TestNode, { keys, bytes }: Due, damaged: StorageKey[]) {
  const draining = eraser.drain()
  await expect(draining).resolves.toBeDefined()
  const { setAside, waiting } = await draining
  expect(bytes()).toEqual([...damaged].sort())
  for (const key of keys) if (!damaged.includes(key)) expect(manifest.key(key)?.state).toBe('gone')
  expect(setAside.map(({ key }) => key).sort()).toEqual([...damaged].sort())
  for (const aside of setAside) expect(aside.setAside).toContain('HF_MANIFEST_CORRUPT')
  expect(waiting).toBe(0)
  expect(eraser.backlog()).toBe(0)
  expect(eraser.queue()).toEqual(setAside)
}

describe('a row that the eraser cannot read is named and kept, and the others go on', () => {
  for (const [what, { come, row: rowOf }] of Object.entries(ROWS))
    for (const [where, at] of [
      ['at the head', 0],
      ['in the middle', FILES / 2],
      ['at the end', FILES - 1],
    ] as const)
      it(`[M-17] a row ${what}, ${where}, also after a restart`, async () => {
        const due = await withDue()
        const { keys } = due
        await come?.(due)
        const row = rowOf(keys[at]!)
        const { test } = await damaged(due.test, row)
        const spoiled = rowIn(test, row)
        await expectOthersGone(test, due, [keys[at]!])
        const again = await test.restart()
        await expectOthersGone(again, due, [keys[at]!])
        expect(rowIn(again, row)).toEqual(spoiled)
      })

  for (const [what, { come, row: rowOf }] of Object.entries(ROWS))
    it(`[M-17] a row ${what}: nobody goes on looking at it`, async () => {
      const due = await withDue()
      const { keys } = due
      await come?.(due)
      const { test, gate } = await damaged(due.test, rowOf(keys[0]!), rowOf(keys[5]!))
      await expectOthersGone(test, due, [keys[0]!, keys[5]!])
      const [asked, { position }] = [gate.asked, test.manifest.head()]
      await test.clock.advance(3_600_000)
      await test.eraser.drain()
      expect(gate.asked).toBe(asked)
      expect(test.manifest.head().position).toEqual(position)
    })

  it('[M-17] more of them than a chunk has, before and between the others', async () => {
    const before = await testNode()
    const names = Array.from({ length: 2600 }, (_, at) => `f/${String(at).padStart(4, '0')}`)
    const isDamaged = (at: number) => at < 1100 || at % 500 === 0
    for (let from = 0; from < names.length; from += 1000) {
      const chunk = names.slice(from, from + 1000)
      await before.commit(...chunk.map((name) => register(name)))
      const generation = (name: string) => before.manifest.entry(path(name))?.generation
      await before.commit(...chunk.map((name) => condemn(name, generation(name))))
    }
    const rows = names.flatMap((name, at) => {
      if (!isDamaged(at)) return []
      return [at % 2 === 0 ? dueRow('condemned', T0, name) : rowNamed('k', name)]
    })
    const { test } = await damaged(before, ...rows)
    const { setAside } = await test.eraser.drain()
    expect(setAside.map(({ key }) => key as string).sort()).toEqual(names.filter((_, at) => isDamaged(at)))
    for (const [at, name] of names.entries())
      if (!isDamaged(at)) expect(test.manifest.key(key(name))?.state).toBe('gone')
    expect(test.eraser.backlog()).toBe(0)
  })

  it('[M-17] with holds, the held ones stay counted and the others go', async () => {
    const due = await withDue()
    const { keys } = due
    await due.test.manifest.holds.hold({ id: 'h', owner: 'ada', scope: { path: 'f/01' } })
    const { test } = await damaged(due.test, rowNamed('k', keys[0]!))
    expect(await test.eraser.drain()).toMatchObject({ held: 1, setAside: [{ key: keys[0] }] })
    expect(due.bytes()).toEqual([keys[0], keys[1]])
  })

  it.each([
    ['doomed', 'eraser.doom.before'],
    ['recorded as erased', 'eraser.delete.after'],
  ] as const)('[M-17] damaged right before it is %s', async (_what, failpoint) => {
    const test = await testNode({ erasing: true })
    const entries: Entry[] = []
    for (let at = 0; at < 6; at++) entries.push(await test.files.write(`f/${at}`, 'bytes'))
    const keys = entries.map(({ key }) => key)
    const row = rowNamed('k', keys[3]!)
    test.failpoints.arm(failpoint, { kind: 'callback', call: () => void spoil(test, row) })
    await test.commit(...entries.map(({ key, generation }) => condemn(key, generation)))
    const { setAside } = await test.eraser.drain()
    expect(setAside).toMatchObject([{ key: keys[3] }])
    for (const key of keys.toSpliced(3, 1)) expect(test.manifest.key(key)?.state).toBe('gone')
    expect(() => test.manifest.key(keys[3]!)).toThrow('HF_MANIFEST_CORRUPT')
  })

  it('[M-17] a row of a folder or of a replacement that a step needs: the keys that it is about stay', async () => {
    const due = await withDue(['f/a', 'f/b', 'g/a', 'g/b'])
    const { keys } = due
    const old = await due.test.files.write('h/a', 'old')
    await due.test.commit(replace({ [old.key]: old.generation }, [newEntry('h/b')]))
    const replaced = due.test.manifest.condemned().items.find(({ key }) => key === old.key)!
    expect(replaced.as).toBe('replaced')
    const { test } = await damaged(due.test, rowNamed('f', 'g'), replacementRow(replaced.generation))
    const { setAside } = await test.eraser.drain()
    expect(setAside.map(({ key }) => key).sort()).toEqual([keys[2], keys[3], old.key].sort())
    for (const key of keys.slice(0, 2)) expect(test.manifest.key(key)?.state).toBe('gone')
  })

  it('[M-17] a tombstone whose time is over', async () => {
    const due = await withDue()
    const { keys } = due
    await doomed(due)
    await due.test.commit(...keys.map((key) => erased(key, DAY)))
    const until = due.test.clock.now() + DAY
    const { test } = await damaged(due.test, rowNamed('k', keys[0]!), dueRow('gone', until, keys[4]!))
    await test.clock.advance(2 * DAY)
    test.node.trustClock()
    const { setAside } = await test.eraser.drain()
    expect(setAside.map(({ key }) => key).sort()).toEqual([keys[0], keys[4]])
    for (const [at, key] of keys.entries())
      if (at !== 0 && at !== 4) expect(test.manifest.key(key)).toBeUndefined()
  })

  it('[M-17] an `erased` of the log takes a queued key out, whatever its rows look like', async () => {
    const due = await withDue()
    const { test, keys } = due
    await triedOnce(due)
    const row = rowNamed('E', keys[2]!)
    spoil(test, row)
    expect(await test.outcome(erased(keys[2]!))).toBe('done')
    expect(test.eraser.queue().map(({ key }) => key)).not.toContain(keys[2])
    expect([rowIn(test, row), rowIn(test, retryRow(T0, keys[2]!))]).toEqual([undefined, undefined])
    expect(openedOf(test.node).eraseQueue.active).toBe(FILES - 1)
  })
})

describe('the way back of a key that was set aside for a damaged row', () => {
  for (const [what, { come, row }] of Object.entries(ROWS).filter(([what]) =>
    what.startsWith('of the queue'),
  ))
    it(`[M-17] a row ${what} is written anew by retry`, async () => {
      const due = await withDue()
      const { keys } = due
      await come?.(due)
      const { test } = await damaged(due.test, row(keys[2]!))
      await expectOthersGone(test, due, [keys[2]!])
      expect(await test.eraser.retry()).toBe(1)
      await expectOthersGone(test, due, [])
    })

  it('[M-17] retry looks anew at the row of a key, and keeps what still cannot be read', async () => {
    const due = await withDue()
    const { keys } = due
    const row = rowNamed('k', keys[2]!)
    const { test } = await damaged(due.test, row)
    await expectOthersGone(test, due, [keys[2]!])
    expect(await test.eraser.retry()).toBe(1)
    await expectOthersGone(test, due, [keys[2]!])
    // The same bit once more: the row is as it was.
    spoil(test, row)
    await test.eraser.retry()
    await expectOthersGone(test, due, [])
  })

  it('[M-17] retry looks anew also before a row that is held', async () => {
    const due = await withDue()
    const { keys } = due
    await due.test.clock.advance(1000)
    await due.test.manifest.holds.hold({ id: 'h', owner: 'ada', scope: { path: 'f/01' } })
    const row = rowNamed('k', keys[0]!)
    const { test } = await damaged(due.test, row)
    const left = { held: 1, setAside: [{ key: keys[0] }] }
    expect(await test.eraser.drain()).toMatchObject(left)
    expect(await test.eraser.retry()).toBe(1)
    expect(await test.eraser.drain()).toMatchObject(left)
    spoil(test, row)
    await test.eraser.retry()
    expect(await test.eraser.drain()).toMatchObject({ held: 1, setAside: [] })
    expect(due.bytes()).toEqual([keys[1]])
  })

  it('[M-17] what is set aside behind a row that is held is no backlog', async () => {
    const due = await withDue()
    const { keys } = due
    await due.test.clock.advance(1000)
    await due.test.manifest.holds.hold({ id: 'h', owner: 'ada', scope: { path: 'f/01' } })
    const { test } = await damaged(due.test, rowNamed('k', keys[4]!), dueRow('condemned', T0, keys[7]!))
    await test.eraser.drain()
    expect(test.eraser.backlog()).toBe(0)
  })

  it.each([
    ['before the first try', (key: StorageKey) => retryRow(0, key), 0],
    ['with the time of another try', (key: StorageKey) => retryRow(T0, key), 1],
    ['with what went wrong', (key: StorageKey) => rowNamed('E', key), 1],
  ])(
    '[M-17] a row of the queue, %s, of a key that is not to be erased: retry takes it out',
    async (_what, rowOf, attempts) => {
      const due = await withDue()
      const [own] = due.keys
      const { committer, eraseQueue } = openedOf(due.test.node)
      await committer.local(() => {
        if (attempts === 0) eraseQueue.add(own!, T0)
        else eraseQueue.put({ key: own!, since: T0, attempts, nextTry: T0 })
      })
      await due.test.manifest.holds.hold({ id: 'h', owner: 'ada', scope: { path: 'f/00' } })
      const { test } = await damaged(due.test, rowOf(own!))
      expect(await test.eraser.drain()).toMatchObject({ setAside: [{ key: own }], waiting: 0 })
      await test.eraser.retry()
      expect(await test.eraser.drain()).toMatchObject({ held: 1, setAside: [], waiting: 0 })
      expect(test.eraser.queue()).toEqual([])
      for (const row of [rowOf(own!), rowNamed('E', own!), retryRow(T0, own!)])
        expect(rowIn(test, row)).toBeUndefined()
      expect(due.bytes()).toEqual([own])
    },
  )
})
