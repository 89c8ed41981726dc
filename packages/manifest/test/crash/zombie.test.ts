import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openLocalBackend } from '@holdfast/backend-local'
import { FailpointRegistry, type HoldfastNode, Rendezvous } from '@holdfast/core'
import { runUntilCrash } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { tempFolder } from './folder.ts'
import { inspect } from './inspect.ts'
import { dataDirOf, nodeIn, rootOf } from './node.ts'

const PATH = 'sales/2026/01/01/00/part.txt'

async function started(folder: string) {
  const failpoints = new FailpointRegistry()
  const node = await nodeIn(folder, failpoints).start()
  return { node, failpoints, manifest: node.service('manifest') }
}

async function textOf({ files }: HoldfastNode, path: string): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of await files.read(path)) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

const ownerRecord = (folder: string) => readFileSync(join(rootOf(folder), '.holdfast', 'owner.json'), 'utf8')

describe('an eraser that comes too late', () => {
  it('[M-13] an undo that is committed just before the doom keeps the bytes', async () => {
    await using folder = await tempFolder()
    const { node, failpoints } = await started(folder.path)
    await node.files.write(PATH, 'old')
    const rendezvous = new Rendezvous()
    failpoints.arm('eraser.doom.before', { kind: 'park', rendezvous })
    await node.files.delete(PATH, { delay: 0 })
    await rendezvous.reached
    await node.files.undo(PATH)
    rendezvous.release()
    await node.eraser.drain()
    await node.stop()
    expect(await inspect(folder.path)).toMatchObject({ stored: [PATH], problems: [] })
  })

  it('[M-13] what is about to be deleted cannot be listed again, and its path can', async () => {
    await using folder = await tempFolder()
    const { node, failpoints, manifest } = await started(folder.path)
    const { key } = await node.files.write(PATH, 'old')
    const rendezvous = new Rendezvous()
    failpoints.arm('eraser.delete.before', { kind: 'park', rendezvous })
    await node.files.delete(PATH, { delay: 0 })
    await rendezvous.reached
    const undone = await manifest.commit({ ops: [{ type: 'undo', key }] })
    expect(undone.outcomes).toEqual([{ status: 'skipped', reason: 'doomed' }])
    await expect(node.files.undo(PATH)).rejects.toThrow()
    await node.files.write(PATH, 'new')
    rendezvous.release()
    await node.eraser.drain()
    expect(await textOf(node, PATH)).toBe('new')
    await node.stop()
    expect(await inspect(folder.path)).toMatchObject({ stored: [PATH], problems: [] })
  })

  it('[M-13] a DELETE that arrives after the path was written anew, twice, hits nothing that lives', async () => {
    await using folder = await tempFolder()
    const { node, manifest } = await started(folder.path)
    const { key } = await node.files.write(PATH, 'old')
    await node.files.delete(PATH, { delay: 0 })
    await node.eraser.drain()
    expect(manifest.key(key)).toMatchObject({ state: 'gone' })
    const written = await node.files.write(PATH, 'new')
    expect(written.key).not.toBe(key)
    // The same store by another way, as a request that was stuck in a network would come.
    const late = await openLocalBackend({ root: rootOf(folder.path) })
    for (let time = 0; time < 2; time++)
      expect(await late.delete([{ key }])).toEqual([{ key, status: 'gone' }])
    expect(await textOf(node, PATH)).toBe('new')
    await node.stop()
    expect(await inspect(folder.path)).toMatchObject({ stored: [PATH], problems: [] })
  })

  it('[M-13] an attempt that is repeated after the path was written anew hits nothing that lives', async () => {
    await using folder = await tempFolder()
    const { node, failpoints, manifest } = await started(folder.path)
    const { key } = await node.files.write(PATH, 'old')
    const passed = failpoints.census()
    // The bytes are gone, and that they are is not heard of: they are deleted again, in a second.
    failpoints.arm('local.delete.after', { kind: 'error' })
    await node.files.delete(PATH, { delay: 0 })
    await expect.poll(() => node.eraser.queue()).toMatchObject([{ key, attempts: 1 }])
    await node.files.write(PATH, 'new')
    await expect.poll(() => manifest.key(key), { timeout: 5000 }).toMatchObject({ state: 'gone' })
    expect(passed.get('local.delete.before')).toBe(2)
    expect(await textOf(node, PATH)).toBe('new')
    await node.stop()
    expect(await inspect(folder.path)).toMatchObject({ stored: [PATH], problems: [] })
  })

  it('[M-13] a zombie whose data folder was taken over deletes nothing of its successor, and is silent', async () => {
    await using folder = await tempFolder()
    const { node: zombie, failpoints } = await started(folder.path)
    await zombie.files.write(PATH, 'old')
    const rendezvous = new Rendezvous()
    failpoints.arm('eraser.delete.before', { kind: 'park', rendezvous })
    await zombie.files.delete(PATH, { delay: 0 })
    await rendezvous.reached
    // What somebody does who takes its host for dead.
    rmSync(join(dataDirOf(folder.path), 'lock'))
    const successor = await runUntilCrash(new URL('rewrite.ts', import.meta.url), {
      args: [folder.path, PATH, 'new'],
    })
    expect(successor).toMatchObject({ finished: true })
    const owner = ownerRecord(folder.path)
    rendezvous.release()
    expect(await zombie.eraser.drain()).toMatchObject({ erased: 0, setAside: [] })
    await expect(zombie.files.delete(PATH, { delay: 0 })).rejects.toMatchObject({ code: 'HF_DATADIR_TAKEN' })
    await zombie.stop()
    expect(ownerRecord(folder.path)).toBe(owner)
    const { node } = await started(folder.path)
    expect(await textOf(node, PATH)).toBe('new')
    await node.stop()
    expect(await inspect(folder.path)).toMatchObject({ stored: [PATH], problems: [] })
  })
})
