import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type FailpointRegistry, type Logger, messageOf } from '@holdfast/core'
import { sweepLitter } from './data-dir/litter.ts'
import { lockDataDir } from './data-dir/lock.ts'
import { type NodeId, nodeIdOf } from './data-dir/node-id.ts'
import { syncFolder } from './data-dir/sync-folder.ts'
import { createSeal, type Seal } from './format/seal.ts'
import { compact } from './journal/compact.ts'
import type { KeyValue } from './store/key-value.ts'
import { openLmdb } from './store/lmdb.ts'

/** Where one node keeps what is its own: a data folder, or memory in simulations. The code above is the same. */
export interface Home {
  /**
   * Makes this process the owner, and removes what a killed one left behind.
   * @throws HF_DATADIR_IN_USE, HF_FORMAT_NEWER, HF_MANIFEST_CORRUPT
   */
  take(incarnation: string): { release(): void }
  nodeId(given: string | undefined): Promise<NodeId>
  seal(): Promise<Seal>
  openManifest(): KeyValue
  /** After opening: makes the names of what is new durable. */
  sync(): void
  openJournal(): Promise<KeyValue>
}

/** What a home is told of its node. */
export interface HomeParts {
  readonly failpoints: FailpointRegistry
  readonly log: Logger
}

/** A data folder with LMDB in it. */
export function folderHome(dataDir: string, { failpoints, log }: HomeParts): Home {
  const manifest = join(dataDir, 'manifest')
  const journal = join(dataDir, 'journal')
  return {
    take(incarnation) {
      mkdirSync(dataDir, { recursive: true })
      const lock = lockDataDir(dataDir, incarnation, failpoints)
      try {
        sweepLitter(dataDir)
      } catch (error) {
        lock.release()
        throw error
      }
      return lock
    },
    nodeId: (given) => nodeIdOf(dataDir, given, failpoints),
    seal: createSeal,
    openManifest: () => openLmdb(manifest),
    sync() {
      syncFolder(manifest)
      syncFolder(dataDir)
    },
    async openJournal() {
      // A journal that stays large is no reason not to start.
      await compact(journal, failpoints).catch((error: unknown) =>
        log.warn({ cause: messageOf(error) }, 'the journal could not be compacted'),
      )
      return openLmdb(journal)
    },
  }
}
