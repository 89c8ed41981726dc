import { join } from 'node:path'
import { type CallOptions, type Clock, type FailpointRegistry, type Logger, messageOf } from '@holdfast/core'
import { beforeOpen } from './damage/before-open.ts'
import { LastStop } from './damage/last-stop.ts'
import { sweepLitter } from './data-dir/litter.ts'
import { lockDataDir } from './data-dir/lock.ts'
import { type NodeId, nodeIdOf } from './data-dir/node-id.ts'
import { Disk } from './disk/disk.ts'
import { makeFolder } from './disk/durable-folder.ts'
import { createSeal, type Seal } from './format/seal.ts'
import { type Beside, folderBeside, sweepInstalls } from './install/beside.ts'
import { compact } from './journal/compact.ts'
import type { KeyValue } from './store/key-value.ts'
import { openLmdb } from './store/lmdb.ts'

/** The room that a home has. */
export type Room = Pick<Disk, 'begin' | 'close' | 'isFull' | 'makeRoom' | 'mustHaveRoom'>

/** Where one node keeps what is its own: a data folder, or memory in simulations. The code above is the same. */
export interface Home {
  readonly room: Room
  /**
   * Makes this process the owner, and removes what a killed one left behind.
   * @throws HF_DATADIR_IN_USE, HF_FORMAT_NEWER, HF_MANIFEST_CORRUPT, HF_NO_SPACE
   */
  take(incarnation: string): { release(): void }
  nodeId(given: string | undefined): Promise<NodeId>
  seal(): Promise<Seal>
  /** After an unclean stop every row is looked at first. @throws HF_MANIFEST_CORRUPT, HF_JOURNAL_CORRUPT */
  openManifest(options: CallOptions): Promise<KeyValue>
  openJournal(): Promise<KeyValue>
  /** A store beside the manifest, to restore another state in: under another name each time. */
  beside(name: string): Beside
  /** Everything is closed, and was sound: the next start need not look. */
  closed(): Promise<void>
}

/** What a home is told of its node. */
export interface HomeParts {
  readonly dataDir: string
  /** Bytes. */
  readonly reserve: number
  /** Bytes. */
  readonly lowWater: number
  /** Milliseconds. */
  readonly checkTime: number
  readonly clock: Clock
  readonly failpoints: FailpointRegistry
  readonly log: Logger
}

/** A data folder with LMDB in it. */
export function folderHome(parts: HomeParts): Home {
  const { dataDir, failpoints, log } = parts
  const manifest = join(dataDir, 'manifest')
  const journal = join(dataDir, 'journal')
  const disk = new Disk(parts)
  const lastStop = new LastStop(dataDir, failpoints)
  return {
    room: disk,
    take(incarnation) {
      makeFolder(dataDir)
      disk.prepare()
      const lock = lockDataDir(dataDir, incarnation, failpoints)
      try {
        sweepLitter(dataDir)
        sweepInstalls(dataDir)
      } catch (error) {
        lock.release()
        throw error
      }
      return lock
    },
    nodeId: (given) => nodeIdOf(dataDir, given, failpoints),
    seal: createSeal,
    async openManifest(options) {
      const isNew = await beforeOpen(lastStop, { ...parts, ...options })
      if (!isNew) await lastStop.opened()
      const store = openLmdb(manifest)
      if (!isNew) return store
      try {
        await lastStop.opened()
      } catch (error) {
        await store.close()
        await lastStop.closed()
        throw error
      }
      return store
    },
    async openJournal() {
      // A journal that stays large is no reason not to start.
      await compact(journal, failpoints).catch((error: unknown) =>
        log.warn({ cause: messageOf(error) }, 'the journal could not be compacted'),
      )
      return openLmdb(journal)
    },
    beside: (name) => folderBeside(dataDir, name),
    closed: () => lastStop.closed(),
  }
}
