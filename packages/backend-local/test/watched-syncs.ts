import { fstatSync, lstatSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { vi } from 'vitest'

interface Sync {
  readonly ino: number
  done: boolean
}

/** Every file and folder sync of this process, by inode, in the order of their beginning. */
export interface WatchedSyncs extends Disposable {
  readonly syncs: Sync[]
  /** Whether this path was synced, to the end, since the watch began. */
  has(path: string): boolean
  clear(): void
}

/** Watches, and lets `before` look, wait or fail where a sync begins. */
export async function watchSyncs(
  before: (ino: number) => Promise<void> | void = () => {},
): Promise<WatchedSyncs> {
  const probe = await open(tmpdir())
  const prototype = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  const real = prototype.sync
  const syncs: Sync[] = []
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    const sync = { ino: fstatSync(this.fd).ino, done: false }
    syncs.push(sync)
    await before(sync.ino)
    await real.call(this)
    sync.done = true
  })
  return {
    syncs,
    has: (path) => syncs.some(({ ino, done }) => done && ino === lstatSync(path).ino),
    clear: () => void syncs.splice(0),
    [Symbol.dispose]: () => spy.mockRestore(),
  }
}

export function errno(code: string): Error {
  return Object.assign(new Error('as a test wants it'), { code })
}
