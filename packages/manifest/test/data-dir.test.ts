import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createNode, FailpointRegistry, MAX_BATCH_OPS } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { backendMemory, MemoryObjects } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { bentBackend, register, storedRows, tempFolder, testNode } from './support.ts'

describe('a data folder', () => {
  it('[K-15] has one owner: a second is refused with the pid and host of the first', async () => {
    const { dataDir, objects } = await testNode()
    await expect(testNode({ dataDir, objects })).rejects.toMatchObject({
      code: 'HF_DATADIR_IN_USE',
      context: { pid: process.pid, host: hostname() },
    })
  })

  it('[K-15] is free again after a stop, also of a failed start', async () => {
    const first = await testNode()
    await first.node.stop()
    expect(existsSync(join(first.dataDir, 'lock'))).toBe(false)
    await expect(
      testNode({
        dataDir: first.dataDir,
        objects: new MemoryObjects(),
        backend: () => backendMemory({ objects: foreignStore() }),
      }),
    ).rejects.toMatchObject({ code: 'HF_STORE_MISMATCH' })
    expect(existsSync(join(first.dataDir, 'lock'))).toBe(false)
    await testNode({ dataDir: first.dataDir, objects: first.objects })
  })

  it('[K-15] is taken over from a process that is gone, also when its pid lives again', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')
    for (const owner of [
      { pid: child.pid, started: '' },
      { pid: process.pid, started: '1' },
    ]) {
      const dataDir = tempFolder()
      writeFileSync(
        join(dataDir, 'lock'),
        JSON.stringify({ format: 1, host: hostname(), incarnation: 'dead', ...owner }),
      )
      await testNode({ dataDir })
      expect(JSON.parse(readFileSync(join(dataDir, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid })
    }
  })

  it('[K-15] is not taken over from another host, of which nothing can be known', async () => {
    const dataDir = tempFolder()
    writeFileSync(
      join(dataDir, 'lock'),
      JSON.stringify({ format: 1, pid: 1, host: 'elsewhere', started: '', incarnation: 'x' }),
    )
    await expect(testNode({ dataDir })).rejects.toMatchObject({
      code: 'HF_DATADIR_IN_USE',
      context: { host: 'elsewhere' },
    })
  })

  it('[K-15] a lock file that says nothing has no owner', async () => {
    const dataDir = tempFolder()
    writeFileSync(join(dataDir, 'lock'), '')
    expect((await testNode({ dataDir })).manifest.head().generation).toBe(0)
  })

  it('[K-15] what a process left behind that was killed while it locked is removed, what a living one needs is not', async () => {
    const dataDir = tempFolder()
    const owner = { format: 1, pid: process.pid, host: hostname(), started: '1', incarnation: 'x' }
    writeFileSync(join(dataDir, 'lock.dead'), JSON.stringify(owner))
    writeFileSync(join(dataDir, 'lock.alive'), JSON.stringify({ ...owner, started: '' }))
    await testNode({ dataDir })
    expect(existsSync(join(dataDir, 'lock.dead'))).toBe(false)
    expect(existsSync(join(dataDir, 'lock.alive'))).toBe(true)
  })

  it('[K-15] a process that was taken over is refused at its next write', async () => {
    const first = await testNode()
    await first.commit(register('a/x'))
    writeFileSync(join(first.dataDir, 'lock'), '')
    const second = await testNode({ dataDir: first.dataDir, objects: first.objects })
    await expect(first.commit(register('a/y'))).rejects.toMatchObject({ code: 'HF_DATADIR_TAKEN' })
    expect(await second.outcome(register('a/y'))).toBe('done')
  })

  it('[K-15] what a process commits while another is about to take over from it is not lost', async () => {
    const first = await testNode()
    await first.commit(register('a/x'))
    writeFileSync(join(first.dataDir, 'lock'), '')
    const failpoints = new FailpointRegistry()
    const second = createNode({
      plugins: [backendMemory({ objects: first.objects }), manifest({ dataDir: first.dataDir })],
      id: 'node-1',
      clock: first.clock,
      failpoints,
      log: 'silent',
    })
    failpoints.arm('start.life.before', {
      kind: 'callback',
      call: async () => void (await first.commit(register('a/y'))),
    })
    expect(await second.start().catch((error: unknown) => error)).toBe(second)
    const authority = second.service('manifest')
    await authority.commit({ ops: [register('a/z')] })
    expect(authority.entries().items.map(({ path }) => path)).toEqual(['a/x', 'a/y', 'a/z'])
    expect(authority.head().position.index).toBe(3)
    expect(authority.check()).toEqual([])
    await second.stop()
  })

  it('[B-10] keeps the id of its node and of its store', async () => {
    const [dataDir, objects] = [tempFolder(), new MemoryObjects()]
    const start = () =>
      createNode({ plugins: [backendMemory({ objects }), manifest({ dataDir })], log: 'silent' }).start()
    const first = await start()
    const [id, storeId] = [first.id, first.service('manifest').storeId]
    await first.stop()
    const second = await start()
    expect([second.id, second.service('manifest').storeId]).toEqual([id, storeId])
    expect(id).toMatch(new RegExp(`^${hostname()}-[0-9a-f]{8}$`))
    await second.stop()
  })

  it('[B-10] refuses the store of another one', async () => {
    const first = await testNode()
    await expect(testNode({ objects: first.objects })).rejects.toMatchObject({ code: 'HF_STORE_MISMATCH' })
  })

  it('[B-10] writes down in the store who owns it and how far it has come', async () => {
    const first = await testNode()
    await first.commit(register('a/x'))
    await first.node.stop()
    const owner = JSON.parse(Buffer.from(first.objects.byKey.get('.holdfast/owner.json')!.bytes).toString())
    expect(owner).toMatchObject({ format: 2, nodeId: 'node-1', position: { term: 1, index: 1 } })
  })

  it('[B-10] a store that lost its identity is not written into, by nobody, until it is back', async () => {
    const first = await testNode()
    await first.files.write('a/x', 'x')
    await first.node.stop()
    const record = first.objects.byKey.get('.holdfast/store.json')!
    first.objects.byKey.clear()
    const second = await testNode({ dataDir: first.dataDir, objects: first.objects })
    await expect(second.files.write('a/y', 'y')).rejects.toMatchObject({ code: 'HF_STORE_MISMATCH' })
    expect([...first.objects.byKey.keys()]).toEqual([])
    first.objects.byKey.set('.holdfast/store.json', record)
    await second.node.gate.check({ action: 'condemn', actor: 'user' })
    expect((await second.files.write('a/y', 'y')).size).toBe(1)
  })

  it('[B-10] an owner record that could not be written once is written later', async () => {
    let broken = false
    const test = await testNode({
      backend: bentBackend((sound) => ({
        write: (...args) => (broken ? Promise.reject(new Error('away')) : sound.write(...args)),
      })),
    })
    const position = () =>
      JSON.parse(Buffer.from(test.objects.byKey.get('.holdfast/owner.json')!.bytes).toString()).position.index
    await test.commit(register('a/x'))
    broken = true
    await test.clock.advance(10_000)
    expect(position()).toBe(0)
    broken = false
    await test.clock.advance(10_000)
    await expect.poll(position).toBe(1)
  })

  it('[M-20] whose log was exchanged is refused', async () => {
    const first = await testNode()
    await first.commit(register('a/x'))
    await first.node.stop()
    const store = storedRows(first.dataDir)
    const name = Buffer.alloc(9, 'L')
    name.writeBigUInt64BE(1n, 1)
    await store.remove(name)
    await store.close()
    await expect(testNode({ dataDir: first.dataDir, objects: first.objects })).rejects.toMatchObject({
      code: 'HF_LOG_DIVERGED',
    })
  })

  it('[M-22] of a newer format is refused and left untouched', async () => {
    expect(MAX_BATCH_OPS).toBe(1000)
    const first = await testNode()
    await first.node.stop()
    const store = storedRows(first.dataDir)
    const name = Buffer.from('Nformat')
    const value = store.get(name)!
    const newer = await sealed(name, Buffer.from([99]))
    expect(await sealed(name, Buffer.from([4]))).toEqual(value)
    await store.put(name, newer)
    await store.close()
    await expect(testNode({ dataDir: first.dataDir, objects: first.objects })).rejects.toMatchObject({
      code: 'HF_FORMAT_NEWER',
    })
  })

  it('[X-09] a value that was damaged is noticed by its checksum', async () => {
    const first = await testNode()
    await first.commit(register('a/x'))
    await first.node.stop()
    const store = storedRows(first.dataDir)
    const name = Buffer.from('ea/x')
    const value = store.get(name)!
    value[3]! ^= 1
    await store.put(name, value)
    await store.close()
    const second = await testNode({ dataDir: first.dataDir, objects: first.objects })
    expect(() => second.manifest.entries()).toThrow(expect.objectContaining({ code: 'HF_MANIFEST_CORRUPT' }))
  })
})

/** A value as the manifest seals it: payload, then the XXH64 of name and payload. */
async function sealed(name: Buffer, payload: Buffer): Promise<Buffer> {
  const { default: xxhash } = await import('xxhash-wasm')
  const sum = Buffer.alloc(8)
  sum.writeBigUInt64BE((await xxhash()).h64Raw(Buffer.concat([name, payload])))
  return Buffer.concat([payload, sum])
}

function foreignStore(): MemoryObjects {
  const objects = new MemoryObjects()
  const bytes = Buffer.from(JSON.stringify({ format: 1, storeId: 'foreign' }))
  objects.byKey.set('.holdfast/store.json', {
    bytes,
    size: bytes.length,
    checksum: 'sha256:00',
    version: '1',
    changedAt: 1,
  })
  return objects
}
