import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { backendLocal, LOCAL_FAILPOINTS } from '@holdfast/backend-local'
import { createNode, FailpointRegistry } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { bytes, keysOf, makeFiles, readText, type TempRoot, tempRoot } from './temp-root.ts'

const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url))

/** Keys of one folder that go together. */
const AT_ONCE = 16

/** More keys of one folder than go together twice, in order. */
const fullFolder = () => Array.from({ length: 40 }, (_, index) => `a/${100 + index}`)

/** Runs the child until it dies at the failpoint. */
async function crash(
  temp: TempRoot,
  keys: string | string[],
  point: (typeof LOCAL_FAILPOINTS)[number],
): Promise<void> {
  const args = ['--conditions=holdfast-source', CHILD, temp.root, point, ...[keys].flat()]
  const died = await new Promise<{ signal: unknown; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, args, (_, stdout, stderr) =>
      resolve({ signal: child.signalCode, stdout, stderr }),
    )
  })
  expect(died).toMatchObject({ signal: 'SIGKILL', stdout: `${point}\n` })
}

describe('a crash', () => {
  it('[B-02] before the file has its name leaves nothing visible, and no litter after the next start', async () => {
    await using temp = await tempRoot()
    await crash(temp, 'a/b/key', 'local.write.temp')
    expect(await temp.litter()).toHaveLength(1)
    const backend = await temp.open()
    expect(await temp.litter()).toEqual([])
    expect(await keysOf(backend)).toEqual([])
    expect(await backend.stat('a/b/key')).toBeUndefined()
  })

  it('[B-02] after the file has its name leaves the whole file, and no litter after the next start', async () => {
    await using temp = await tempRoot()
    await crash(temp, 'a/b/key', 'local.write.linked')
    expect(await temp.litter()).toHaveLength(1)
    const backend = await temp.open()
    expect(await temp.litter()).toEqual([])
    expect(await keysOf(backend)).toEqual(['a/b/key'])
    expect(await readText(backend, 'a/b/key')).toBe('\u0007'.repeat(300_000))
  })

  it('[B-02] in a replacing write leaves the old bytes or the new ones', async () => {
    await using temp = await tempRoot()
    await (await temp.open()).write('key', bytes('old'))
    await crash(temp, 'key', 'local.write.temp')
    expect(await readText(await temp.open(), 'key')).toBe('old')
    await crash(temp, 'key', 'local.write.linked')
    expect(await readText(await temp.open(), 'key')).toHaveLength(300_000)
  })

  it('[B-05] in a delete leaves the object whole or gone, and deleting again ends it with its folders', async () => {
    await using temp = await tempRoot()
    await (await temp.open()).write('a/b/key', bytes('x'))
    await crash(temp, 'a/b/key', 'local.delete.before')
    const backend = await temp.open()
    expect(await readText(backend, 'a/b/key')).toBe('x')
    await crash(temp, 'a/b/key', 'local.delete.after')
    expect(await keysOf(backend)).toEqual([])
    expect(existsSync(join(temp.root, 'a/b'))).toBe(true)
    expect(await backend.delete([{ key: 'a/b/key' }])).toEqual([{ key: 'a/b/key', status: 'gone' }])
    expect(existsSync(join(temp.root, 'a'))).toBe(false)
  })

  it('[B-05] in a delete of a full folder leaves each object whole or gone, and deleting again ends it', async () => {
    await using temp = await tempRoot()
    const keys = fullFolder()
    await temp.open()
    makeFiles(temp.root, keys)
    await crash(temp, keys, 'local.delete.after')
    const backend = await temp.open()
    expect(await keysOf(backend)).toEqual(keys.slice(AT_ONCE))
    expect(await backend.delete(keys.map((key) => ({ key })))).toEqual(
      keys.map((key) => ({ key, status: 'gone' })),
    )
    expect(existsSync(join(temp.root, 'a'))).toBe(false)
  })
})

describe('failpoints', () => {
  it('[B-02] an error after the file has its name takes the name back', async () => {
    await using temp = await tempRoot()
    const failpoints = new FailpointRegistry()
    const backend = await temp.open({ failpoints })
    using _ = failpoints.arm('local.write.linked', { kind: 'error' })
    await expect(backend.write('a/b/key', bytes('x'))).rejects.toMatchObject({ code: 'HF_FAILPOINT' })
    expect(await keysOf(backend)).toEqual([])
    expect(existsSync(join(temp.root, 'a'))).toBe(false)
    expect(await temp.litter()).toEqual([])
  })

  it('[B-05] an error in the middle of a deletion fails what was to be deleted there, and not the rest', async () => {
    await using temp = await tempRoot()
    const failpoints = new FailpointRegistry()
    const backend = await temp.open({ failpoints })
    const keys = fullFolder()
    makeFiles(temp.root, keys)
    using _ = failpoints.arm('local.delete.before', { kind: 'error' }, { skip: 1 })
    const outcomes = await backend.delete(keys.map((key) => ({ key })))
    const kept = keys.slice(AT_ONCE, 2 * AT_ONCE)
    expect(outcomes).toMatchObject(
      keys.map((key) =>
        kept.includes(key)
          ? { key, status: 'failed', error: { code: 'HF_FAILPOINT' } }
          : { key, status: 'gone' },
      ),
    )
    expect(await keysOf(backend)).toEqual(kept)
  })

  it('[B-02] all of the catalogue are passed by a write and a delete of a node', async () => {
    await using temp = await tempRoot()
    const failpoints = new FailpointRegistry()
    const node = createNode({
      id: 'n',
      plugins: [backendLocal({ root: temp.root })],
      failpoints,
      log: 'silent',
    })
    expect(failpoints.names()).toEqual(expect.arrayContaining([...LOCAL_FAILPOINTS]))
    await node.start()
    await node.service('backend').write('key', bytes('x'))
    await node.stop()
    const backend = await temp.open({ failpoints })
    const passed = failpoints.census()
    await backend.write('key', bytes('y'))
    await backend.delete([{ key: 'key' }])
    expect([...passed.keys()].sort()).toEqual([...LOCAL_FAILPOINTS].sort())
  })
})
