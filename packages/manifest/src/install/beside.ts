import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncPath } from '../disk/durable-folder.ts'
import type { KeyValue } from '../store/key-value.ts'
import { openLmdb } from '../store/lmdb.ts'

/** An empty store beside that of the manifest, whose place it can take. */
export interface Beside {
  readonly store: KeyValue
  /** Inside a transaction of the old one. Before it a crash leaves the old state and litter, after it the new one. */
  takePlace(): void
  /** After it: a power cut leaves the new state as well. */
  sync(): void
  /** Closes and removes one that has not taken the place. */
  discard(): Promise<void>
}

/** No dot: LMDB would take it for a file. */
const BESIDE = 'manifest-next-'
/** LMDB's own name for its file. */
const DATA = 'data.mdb'

/** The rename of one file is the switch. */
export function folderBeside(dataDir: string, name: string): Beside {
  const folder = join(dataDir, `${BESIDE}${name}`)
  const place = join(dataDir, 'manifest')
  mkdirSync(folder)
  const store = openLmdb(folder)
  return {
    store,
    takePlace: () => renameSync(join(folder, DATA), join(place, DATA)),
    sync: () => syncPath(place),
    async discard() {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Removes what an install left behind that was cut short, and the lock of one that was not. Before the manifest is opened. */
export function sweepInstalls(dataDir: string): void {
  for (const name of readdirSync(dataDir))
    if (name.startsWith(BESIDE)) rmSync(join(dataDir, name), { recursive: true, force: true })
}
