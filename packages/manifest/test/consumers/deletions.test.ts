import { describe, expect, it } from 'vitest'
import {
  condemn,
  condemnUnlisted,
  doom,
  erased,
  FENCE,
  key,
  newEntry,
  register,
  replace,
  type TestNode,
  testNode,
  undoReplacement,
} from '../support.ts'
import { recorder } from './recorder.ts'

const generationOf = ({ manifest }: TestNode, name: string) => {
  const known = manifest.key(key(name))
  return known?.state === 'live' ? manifest.entry(known.path)?.generation : undefined
}

/** Lists a file and takes it to its doom. */
async function deleteFile(test: TestNode, path: string, name = path): Promise<void> {
  await test.commit(register(path, { key: name }))
  await test.commit(condemn(name, generationOf(test, name), { reason: 'too old', run: 'run-1' }))
  await test.commit(doom(name))
}

describe('what taps of onFileDeleted get', () => {
  it('[K-09] each file that is doomed, with path, reason and run', async () => {
    const tap = recorder('tap')
    const test = await testNode({ plugins: [tap.plugin] })
    await deleteFile(test, 'a')
    await test.node.hooks.drain()
    const { position } = test.manifest.head()
    expect(tap.deleted).toEqual([{ key: 'a', path: 'a', reason: 'too old', run: 'run-1', position }])
  })

  it('[K-09] a file whose bytes were missing, once, when it is dropped', async () => {
    const tap = recorder('tap')
    const test = await testNode({ plugins: [tap.plugin] })
    await test.commit(register('a'))
    await test.commit(condemn('a', 1, { erase: false, reason: 'no bytes' }))
    await test.commit(doom('a'))
    const { position } = test.manifest.head()
    await test.commit(doom('a'))
    await test.commit(erased('a'))
    await test.node.hooks.drain()
    expect(tap.deleted).toEqual([{ key: 'a', path: 'a', reason: 'no bytes', position }])
  })

  it('[K-09] files that were replaced, and outputs of a replacement that was taken back, each once', async () => {
    const tap = recorder('tap')
    const test = await testNode({ plugins: [tap.plugin] })
    await test.commit(register('a', { key: 'a1' }))
    await test.commit(replace({ a1: 1 }, [newEntry('a', { key: 'a2' })], { delay: 1000 }))
    await test.commit(undoReplacement(2))
    await test.commit(doom('a1'), doom('a2'))
    await test.node.hooks.drain()
    expect(tap.deleted).toMatchObject([{ key: 'a2', path: 'a', current: 'a1' }])
  })

  it('[K-09] a path that has a file again says so by its key', async () => {
    const tap = recorder('tap')
    const test = await testNode({ plugins: [tap.plugin] })
    await test.commit(register('a', { key: 'old' }))
    await test.commit(condemn('old', generationOf(test, 'old')))
    await test.commit(register('a', { key: 'new' }))
    await test.commit(doom('old'))
    await test.node.hooks.drain()
    expect(tap.deleted).toEqual([expect.objectContaining({ key: 'old', path: 'a', current: 'new' })])
  })

  it('[K-09] keys that were never listed, dooms that changed nothing, and condemned files fire nothing', async () => {
    const tap = recorder('tap')
    const test = await testNode({ plugins: [tap.plugin] })
    await test.commit(condemnUnlisted('orphan'))
    await test.commit(doom('orphan'), doom('unknown'))
    await test.commit(register('kept'))
    await test.commit(condemn('kept', generationOf(test, 'kept')))
    await test.manifest.commit({ ops: [doom('kept'), doom('unknown')], fence: FENCE, strict: true })
    await test.manifest.commit({ ops: [doom('kept')], fence: { role: 'standalone', epoch: 3 } })
    await test.node.hooks.drain()
    expect(tap.deleted).toEqual([])
    await test.commit(doom('kept'))
    await test.commit(doom('kept'))
    await test.node.hooks.drain()
    expect(tap.deleted.map((file) => file.key)).toEqual(['kept'])
  })

  it('[K-09] a strict batch that is taken back leaves no deletion in a record that goes on', async () => {
    const tap = recorder('tap')
    const test = await testNode({ plugins: [tap.plugin] })
    for (const name of ['a', 'b', 'c']) {
      await test.commit(register(name))
      await test.commit(condemn(name, generationOf(test, name)))
    }
    const results = await Promise.all([
      test.commit(doom('a')),
      test.manifest.commit({ ops: [doom('b'), doom('unknown')], fence: FENCE, strict: true }),
      test.commit(doom('c')),
    ])
    expect(new Set(results.map(({ position }) => position.index)).size).toBe(1)
    await test.node.hooks.drain()
    expect(tap.deleted.map((file) => file.key)).toEqual(['a', 'c'])
  })

  it('[K-09] a tap that was away gets path and reason of keys that are tombstones by now', async () => {
    const tap = recorder('tap')
    const first = await testNode({ plugins: [tap.plugin] })
    const away = await first.restart({ plugins: [] })
    for (const name of ['a', 'b']) await deleteFile(away, name)
    await away.commit(erased('a'), erased('b'))
    expect(away.manifest.key(key('a'))).toMatchObject({ state: 'gone' })
    const back = await away.restart({ plugins: [tap.plugin] })
    await back.node.hooks.drain()
    expect(tap.deleted.map(({ key, path, reason }) => [key, path, reason])).toEqual([
      ['a', 'a', 'too old'],
      ['b', 'b', 'too old'],
    ])
  })

  it('[K-09] a file of the very next record is kept for a tap that is away', async () => {
    const tap = recorder('tap')
    const first = await testNode({ plugins: [tap.plugin] })
    await first.commit(register('a'), register('b'))
    await first.commit(condemn('a', generationOf(first, 'a')), condemn('b', generationOf(first, 'b')))
    await first.commit(doom('a'))
    await first.node.hooks.drain()
    const away = await first.restart({ plugins: [] })
    await away.commit(doom('b'))
    for (const name of ['c', 'd', 'e']) await away.commit(register(name))
    const back = await away.restart({ plugins: [tap.plugin] })
    await back.node.hooks.drain()
    expect(tap.deleted.map((file) => file.key)).toEqual(['a', 'b'])
  })

  it('[K-09] a thousand files of one record come in order, over many reads and a restart', async () => {
    let left = 450
    const tap = recorder('tap', {
      act: (event) => {
        if (!('id' in event) && left-- === 0) throw new Error('broken')
      },
    })
    const test = await testNode({ plugins: [tap.plugin] })
    const names = Array.from({ length: 1000 }, (_, index) => `f${String(index).padStart(4, '0')}`)
    await test.commit(...names.map((name) => register(name)))
    await test.commit(...names.map((name) => condemn(name, generationOf(test, name))))
    await test.commit(...names.map((name) => doom(name)))
    await test.node.hooks.drain()
    expect(tap.deleted).toHaveLength(451)
    const { node } = await test.restart()
    node.hooks.retry()
    await node.hooks.drain()
    expect(tap.deleted.map((file) => file.key)).toEqual([...names.slice(0, 451), ...names.slice(450)])
  })
})
