import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { openLocalBackend } from '@holdfast/backend-local'
import { createIds, FailpointRegistry, systemClock } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { remove } from '../src/delete.ts'
import { openStore } from '../src/root.ts'
import { keysOf, makeFiles, tempRoot } from './temp-root.ts'

/** More keys of one folder than go together twice, in order. */
const KEYS = Array.from({ length: 40 }, (_, index) => `a/${100 + index}`)

const targetsOf = (keys: readonly string[]) => keys.map((key) => ({ key }))

describe('a delete of many keys of one folder', () => {
  it('[B-05] fails one that the file system does not take, and not those that go with it', async () => {
    await using temp = await tempRoot()
    // So deep that a long name is too long for a path.
    const root = join(temp.outside, ...Array.from({ length: 16 }, () => 'd'.repeat(239)))
    const backend = await openLocalBackend({ root })
    makeFiles(root, ['1', '2'])
    const long = 'x'.repeat(255)
    expect(await backend.delete(targetsOf(['1', long, '2']))).toMatchObject([
      { key: '1', status: 'gone' },
      { key: long, status: 'failed', error: { kind: 'invalid', context: { key: long } } },
      { key: '2', status: 'gone' },
    ])
    expect(await keysOf(backend)).toEqual([])
  })

  it('[B-05] fails one whose name cannot be looked up, and has ended with the others when it says so', async () => {
    await using temp = await tempRoot()
    const failpoints = new FailpointRegistry()
    const options = { root: temp.root, topology: 'local', foldedNames: 'checked', failpoints } as const
    const store = await openStore({ ...options, ids: createIds(systemClock) })
    makeFiles(temp.root, KEYS)
    const [, , , unlucky = ''] = KEYS
    const isNamed = (key: string) => {
      if (key === unlucky) throw Object.assign(new Error('too many files are open'), { code: 'EMFILE' })
      return true
    }
    const outcomes = await remove({ ...store, isNamed }, targetsOf(KEYS), {})
    expect(KEYS.filter((key) => existsSync(join(temp.root, key)))).toEqual([unlucky])
    for (const outcome of outcomes)
      expect(outcome).toMatchObject(
        outcome.key === unlucky ? { status: 'failed', error: { kind: 'unavailable' } } : { status: 'gone' },
      )
  })

  it('[B-05] takes no folder for an object', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    makeFiles(temp.root, KEYS)
    mkdirSync(join(temp.root, 'a/folder'))
    const keys = [...KEYS.slice(0, 5), 'a/folder', ...KEYS.slice(5)]
    expect(await backend.delete(targetsOf(keys))).toEqual(keys.map((key) => ({ key, status: 'gone' })))
    expect(existsSync(join(temp.root, 'a/folder'))).toBe(true)
    expect(await keysOf(backend)).toEqual([])
  })

  it('[B-14] ends soon when it is cancelled in the middle; what is left goes with the next one', async () => {
    await using temp = await tempRoot()
    const failpoints = new FailpointRegistry()
    const backend = await temp.open({ failpoints })
    makeFiles(temp.root, KEYS)
    const controller = new AbortController()
    failpoints.arm('local.delete.before', { kind: 'callback', call: () => controller.abort() }, { skip: 1 })
    const { signal } = controller
    await expect(backend.delete(targetsOf(KEYS), { signal })).rejects.toMatchObject({ kind: 'aborted' })
    // Those that were on their way are gone, and nothing is on its way any more.
    expect(await keysOf(backend)).toEqual(KEYS.slice(32))
    expect(await backend.delete(targetsOf(KEYS))).toEqual(KEYS.map((key) => ({ key, status: 'gone' })))
    expect(existsSync(join(temp.root, 'a'))).toBe(false)
  })

  it('[B-05] says of no key what another one failed by', async () => {
    await using temp = await tempRoot()
    const backend = await temp.open()
    symlinkSync(temp.outside, join(temp.root, 'a'))
    for (const outcome of await backend.delete(targetsOf(KEYS))) {
      expect(outcome).toMatchObject({ status: 'failed', error: { kind: 'invalid' } })
      const { key = outcome.key } = outcome.status === 'failed' ? outcome.error.context : {}
      expect(key).toBe(outcome.key)
    }
  })
})
