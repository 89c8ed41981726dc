import type { Batch, CommitResult, CondemnOp } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { EraseCommits } from '../src/erase/commits.ts'
import type { Opened } from '../src/opened.ts'
import { openedOf } from './opened.ts'
import { spoil } from './spoil.ts'
import { condemn, doom, erased, key, path, register, rowNamed, type TestNode, testNode } from './support.ts'

/** More than rows are set aside at most. */
const MANY = 10_500
const NAMES = ['a/1', ...Array.from({ length: MANY }, (_, at) => `g/${String(at).padStart(5, '0')}`), 'z/1']

/** Lists them, condemns them, and damages the row of `g`. */
async function withDamagedFolder(fields: Partial<CondemnOp> = {}): Promise<TestNode> {
  const before = await testNode()
  for (let from = 0; from < NAMES.length; from += 1000) {
    const chunk = NAMES.slice(from, from + 1000)
    await before.commit(...chunk.map((name) => register(name)))
    const generation = (name: string) => before.manifest.entry(path(name))?.generation
    await before.commit(...chunk.map((name) => condemn(name, generation(name), fields)))
  }
  spoil(before, rowNamed('f', 'g'))
  return before.restart({ erasing: true })
}

describe('a damaged row of a folder', () => {
  it('[M-17] the others go, however much is in it, and nothing waits', { timeout: 60_000 }, async () => {
    const test = await withDamagedFolder()
    const { setAside, waiting } = await test.eraser.drain()
    expect(setAside.map(({ key }) => key as string).sort()).toEqual(NAMES.slice(1, -1))
    expect([waiting, test.eraser.backlog()]).toEqual([0, 0])
    for (const name of ['a/1', 'z/1']) expect(test.manifest.key(key(name))?.state).toBe('gone')
  })

  it('[M-17] keys that go without bytes: the folder is named once', { timeout: 60_000 }, async () => {
    const test = await withDamagedFolder({ erase: false })
    const { setAside, waiting } = await test.eraser.drain()
    expect(setAside).toMatchObject([{ key: 'g/', setAside: expect.stringContaining('HF_MANIFEST_CORRUPT') }])
    expect([waiting, test.eraser.backlog()]).toEqual([0, 0])
    for (const name of ['a/1', 'z/1']) expect(test.manifest.key(key(name))?.state).toBe('gone')
    expect(await test.eraser.retry()).toBe(1)
    spoil(test, rowNamed('f', 'g'))
    expect(await test.eraser.drain()).toMatchObject({ setAside: [], waiting: 0 })
    expect(test.manifest.key(key('g/00000'))?.state).toBe('gone')
  })

  it.each([
    ['its own folder', 'top/f'],
    ['the one above, of the last in its folder', 'top'],
  ])('[M-17] %s: the bytes stay until it is repaired', async (_what, folder) => {
    const before = await testNode()
    const { key: own, generation } = await before.files.write('top/f/a', 'bytes')
    const other = await before.files.write('z/a', 'bytes')
    await before.commit(condemn(own, generation), condemn(other.key, other.generation))
    spoil(before, rowNamed('f', folder))
    const test = await before.restart({ erasing: true })
    expect(await test.eraser.drain()).toMatchObject({ setAside: [{ key: own }], waiting: 0 })
    expect([test.objects.byKey.has(own), test.objects.byKey.has(other.key)]).toEqual([true, false])
    const again = await test.restart({ erasing: true })
    expect(await again.eraser.retry()).toBe(1)
    expect(await again.eraser.drain()).toMatchObject({ setAside: [{ key: own }], waiting: 0 })
    expect(again.objects.byKey.has(own)).toBe(true)
    spoil(again, rowNamed('f', folder))
    expect(await again.eraser.retry()).toBe(1)
    expect(await again.eraser.drain()).toMatchObject({ setAside: [], waiting: 0 })
    expect(again.objects.byKey.has(own)).toBe(false)
  })

  it('[M-17] what is on its way to a shared log counts as gone from its folder', async () => {
    const test = await testNode()
    const names = ['top/f/1', 'top/f/2', 'top/f/3']
    await test.commit(...names.map((name) => register(name)))
    const generation = (name: string) => test.manifest.entry(path(name))?.generation
    await test.commit(...names.map((name) => condemn(name, generation(name))))
    await test.commit(...names.map((name) => doom(name)))
    spoil(test, rowNamed('f', 'top'))
    const { eraseQueue, state } = openedOf(test.node)
    const proposed: string[] = []
    const answers: (() => void)[] = []
    const commit = async ({ ops }: Batch): Promise<CommitResult> => {
      for (const op of ops) if (op.type === 'erased') proposed.push(op.key)
      await new Promise<void>((resolve) => answers.push(resolve))
      return { status: 'rejected', reason: 'fenced' } as CommitResult
    }
    const committer = { commit } as unknown as Opened['committer']
    const parts = { eraseQueue, state, committer, sharesLog: true }
    const commits = new EraseCommits(() => parts, 1000, new AbortController().signal)
    const fence = { role: 'sweeper', epoch: 1 }
    const all = names.map((name) => commits.commit([erased(name, 1000)], fence).catch(() => undefined))
    expect(proposed).toEqual(names.slice(0, 2))
    for (const answer of answers) answer()
    await Promise.all(all)
    // Those were refused: the folder keeps them.
    const last = commits.commit([erased('top/f/3', 1000)], fence).catch(() => undefined)
    expect(proposed).toEqual([...names.slice(0, 2), 'top/f/3'])
    answers.at(-1)!()
    await last
  })
})
