import { describe, expect, it } from 'vitest'
import { expiry } from './crash/expiry.ts'
import { openedOf } from './opened.ts'
import { spoil as spoilRow } from './spoil.ts'
import {
  condemn,
  condemnUnlisted,
  doom,
  erased,
  forget,
  newEntry,
  read,
  register,
  replace,
  rowNamed,
  T0,
  type TestNode,
  testNode,
} from './support.ts'

const spoil = (test: TestNode, table: string, name: string) => spoilRow(test, rowNamed(table, name))

const CORRUPT = expect.objectContaining({ code: 'HF_MANIFEST_CORRUPT' })

/** A node with the files `a` and `b`, whose bytes lie under minted keys, and the entry of `a`. */
async function withFiles(options: Parameters<typeof testNode>[0] = {}) {
  const test = await testNode(options)
  const old = { maxTime: T0, namespace: 'n' }
  const a = await test.files.write('a', 'bytes of a', old)
  const b = await test.files.write('b', 'bytes of b', old)
  const bytes = () => [...test.objects.byKey.keys()].filter((name) => !name.startsWith('.holdfast')).sort()
  return { ...test, test, a, b, bytes, both: [a.key as string, b.key as string].sort() }
}

type WithFiles = Awaited<ReturnType<typeof withFiles>>

it('[M-17] a row that cannot be read fails the batches that need it, not those that were committed with them', async () => {
  const { commit, manifest, test, a } = await withFiles()
  spoil(test, 'k', a.key)
  const ends = await Promise.all(
    [register('c'), condemn(a.key, a.generation), register('d')].map((op) =>
      commit(op).then(
        ({ outcomes }) => outcomes[0]?.status,
        (error: unknown) => error,
      ),
    ),
  )
  expect(ends).toEqual(['done', CORRUPT, 'done'])
  expect(manifest.entries().items.map(({ path }) => path)).toEqual(['a', 'b', 'c', 'd'])
})

describe('a row that cannot be read counts as listed: whatever would end in a delete does not happen, as a whole', () => {
  const decisions: Record<string, (node: WithFiles) => Promise<unknown>> = {
    condemn: ({ commit, a, b }) => commit(condemn(b.key, b.generation), condemn(a.key, a.generation)),
    'condemn of an orphan': ({ commit, a }) => commit(condemnUnlisted(a.key)),
    delete: ({ files }) => files.delete('a', { delay: 0 }),
    overwrite: ({ files }) => files.write('a', 'new', { delay: 0 }),
    'replace by a compaction': ({ commit, a, b }) =>
      commit(replace({ [b.key]: b.generation, [a.key]: a.generation }, [newEntry('c')])),
    doom: ({ commit, a }) => commit(doom(a.key)),
    erased: ({ commit, a }) => commit(erased(a.key)),
    forget: ({ commit, a }) => commit(forget(a.key)),
  }
  for (const [name, decide] of Object.entries(decisions))
    it(`[M-17] ${name}`, async () => {
      const node = await withFiles()
      const { manifest, bytes, both, test, a } = node
      spoil(test, 'k', a.key)
      const before = manifest.entries()
      await expect(decide(node)).rejects.toEqual(CORRUPT)
      // An overwrite has written its own bytes by then, which are condemned again.
      expect(manifest.entries()).toEqual(before)
      expect(manifest.condemned().items.filter(({ as }) => as !== 'orphan')).toEqual([])
      expect(bytes()).toEqual(expect.arrayContaining(both))
      expect(await read(test.files, 'b')).toBe('bytes of b')
      // Others go on.
      expect(await test.outcome(register('other'))).toBe('done')
    })

  for (const name of ['condemn', 'delete', 'overwrite', 'replace by a compaction'])
    it(`[M-17] ${name}, when it is the entry`, async () => {
      const node = await withFiles()
      const { manifest, bytes, both, test } = node
      spoil(test, 'e', 'a')
      const before = manifest.head()
      await expect(decisions[name]!(node)).rejects.toEqual(CORRUPT)
      expect(manifest.head()).toEqual(before)
      expect(bytes()).toEqual(both)
    })

  it('[M-17] a listing of keys still has it, so that nobody takes its bytes for an orphan', async () => {
    const { test, manifest, a, both } = await withFiles()
    spoil(test, 'k', a.key)
    expect([...manifest.keys().keys].sort()).toEqual(both)
  })

  it('[M-17] retention: the run ends as corrupt, and condemns nothing', async () => {
    const { node, test, manifest, bytes, both } = await withFiles({ plugins: [expiry()] })
    spoil(test, 'e', 'b')
    const { position } = manifest.head()
    const { outcome, done } = await node.jobs.run('expiry', { before: T0 + 1, act: true })
    expect(outcome).toMatchObject({ status: 'aborted', reason: 'corrupt' })
    expect(done.files).toBe(0)
    expect(manifest.head().position).toEqual(position)
    expect(bytes()).toEqual(both)
  })

  it('[M-17] the eraser dooms and erases nothing of it, in this life or the next', async () => {
    const { test, files, eraser, bytes, both, a, b, commit, manifest } = await withFiles()
    await files.delete('a', { delay: 0 })
    await files.delete('b', { delay: 0 })
    await commit(doom(b.key))
    expect([manifest.key(a.key)?.state, manifest.key(b.key)?.state]).toEqual(['condemned', 'doomed'])
    for (const { key: name } of [a, b]) spoil(test, 'k', name)
    await expect(eraser.drain()).rejects.toThrow()
    expect(bytes()).toEqual(both)
    const again = await test.restart({ erasing: true })
    expect(await again.eraser.drain()).toMatchObject({ erased: 0, setAside: [{}, {}] })
    expect(bytes()).toEqual(both)
  })

  it('[M-17] a rule of holds that cannot be read: the node does not start, so that nothing is erased', async () => {
    const { test, files, bytes, both, b, commit, manifest } = await withFiles()
    await files.delete('b', { delay: 0 })
    await commit(doom(b.key))
    await manifest.holds.hold({ id: 'h', owner: 'ada', scope: { path: 'a' } })
    spoil(test, 'h', 'h')
    await expect(test.restart({ erasing: true })).rejects.toEqual(CORRUPT)
    expect(bytes()).toEqual(both)
  })

  it('[M-17] what this node was writing: it is not taken for an orphan, and the start goes on', async () => {
    const { test, bytes, both, failpoints, files } = await withFiles()
    failpoints.arm('files.write.stored', { kind: 'error' })
    failpoints.arm('manifest.commit.before', { kind: 'error' }, { skip: 1 })
    await expect(files.write('c', 'bytes of c')).rejects.toThrow()
    const { pending } = openedOf(test.node)
    const [unlisted] = pending.page()
    expect(bytes()).toHaveLength(3)
    spoil(test, 'P', unlisted!)
    const again = await test.restart({ erasing: true })
    await again.eraser.drain()
    expect(again.manifest.key(unlisted!)).toBeUndefined()
    expect(bytes()).toEqual([...both, unlisted as string].sort())
  })
})
