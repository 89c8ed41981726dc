import { mkdtempSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocalBackend } from '@holdfast/backend-local'
import { type Backend, createIds, layered, MetricsRegistry, systemClock } from '@holdfast/core'
import { memoryBackend } from '@holdfast/testkit'
import { alone, type BenchLine, fileSystemOf } from './pairs.ts'

/** What each call costs in syncs of the disk, and in requests to a store behind core's layers: the same on every machine. */
export async function localCounts(): Promise<BenchLine & Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const counts = { ...(await syncsOf(folder)), ...(await requestsOf()) }
    const expected: typeof counts = {
      // The file, its folder, the folder above, the root.
      firstWrite: 4,
      nextWrite: 2,
      // The one folder, for all keys.
      delete: 1,
      read: 0,
      requests: { write: 1, read: 1, stat: 1, list: 1, delete: 1 },
    }
    const pass = JSON.stringify(counts) === JSON.stringify(expected)
    const total = ({ firstWrite, nextWrite, delete: deletion }: typeof counts) =>
      firstWrite + nextWrite + deletion
    return {
      ...alone,
      ours: total(counts),
      better: 'lower',
      bound: total(expected),
      pass,
      n: 1,
      fs: fileSystemOf(folder),
      sync: 'as counted',
      peerCommand: 'none: syncs of a write to a new folder, a write and a deletion; requests of a call',
      counts,
      expected,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function syncsOf(root: string) {
  const backend = await openLocalBackend({ root })
  const probe = await open(root)
  const prototype = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  const real = prototype.sync
  let syncs = 0
  prototype.sync = function (this: FileHandle) {
    syncs++
    return real.call(this)
  }
  const counted = async (call: () => Promise<unknown>) => {
    const before = syncs
    await call()
    return syncs - before
  }
  try {
    const keys = Array.from({ length: 10 }, (_, i) => `a/b/${i}`)
    const firstWrite = await counted(() => backend.write('a/b/stays', Buffer.from('x')))
    const nextWrite = await counted(() => backend.write('a/b/0', Buffer.from('x')))
    for (const key of keys) await backend.write(key, Buffer.from('x'))
    return {
      firstWrite,
      nextWrite,
      delete: await counted(() => backend.delete(keys.map((key) => ({ key })))),
      read: await counted(async () => {
        for await (const _ of await backend.read('a/b/stays'));
        for await (const _ of backend.list());
      }),
    }
  } finally {
    prototype.sync = real
    await backend.stop?.()
  }
}

async function requestsOf() {
  const requests = { write: 0, read: 0, stat: 0, list: 0, delete: 0 }
  const store = memoryBackend()
  const counting = new Proxy<Backend>(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (name in requests) requests[name as keyof typeof requests]++
        return Reflect.apply(value, target, args)
      }
    },
  })
  const backend = layered(counting, {
    clock: systemClock,
    ids: createIds(systemClock),
    metrics: new MetricsRegistry(),
    callTimeout: 60_000,
    retries: 3,
    rate: 'adaptive',
  })
  await backend.write('a', Buffer.from('x'))
  for await (const _ of await backend.read('a'));
  await backend.stat('a')
  for await (const _ of backend.list());
  await backend.delete([{ key: 'a' }])
  return { requests }
}
