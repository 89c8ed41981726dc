import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { bytes, definePlugin, duration, integer, type Plugin, text } from '@holdfast/core'
import { ManifestBatches } from './consumers/batches.ts'
import { type EraserParts, ManifestEraser } from './eraser.ts'
import { MANIFEST_FAILPOINTS } from './failpoints.ts'
import { ManifestFiles } from './files/files.ts'
import { folderHome, type Home, type HomeParts } from './home.ts'
import { JournalService } from './journal/journal.ts'
import { ManifestService } from './service.ts'

export interface ManifestOptions {
  /** Folder for the manifest, on a local disk; one process owns it. */
  readonly dataDir: string
  /** How long a deleted file can be brought back, unless the call says otherwise. Default 1h, at most 3650d. */
  readonly eraseDelay?: number | string
  /** How long a key stays retired after its bytes are gone; not shorter than `deleteTimeout`. Default 30d, at least 1m, at most 3650d. */
  readonly tombstoneTime?: number | string
  /** Hard limit of one call that deletes bytes. Default 1m, at least 100ms, at most 1d. */
  readonly deleteTimeout?: number | string
  /** Records that the log keeps at least. Default 10,000, at most 1,000,000,000. */
  readonly logKeep?: number
  /** Records that a tap of `onManifestBatch` may hold back; one that is further behind gets a `reset`. Default 100,000, at most 1,000,000,000. */
  readonly tapCeiling?: number
  /** Room on the data folder's disk that is kept for deleting when the disk is full. Default 16MiB, at most 1GiB; 0: none. */
  readonly reserve?: number | string
  /** How long a start after an unclean stop may take to look at every row. Default 10m; 0: it does not look. */
  readonly checkTime?: number | string
  /** Room on that disk below which nothing new is written. Default 64MiB; 0: it is not watched. */
  readonly lowWater?: number | string
}

/** The authority of a node on LMDB: provides `manifest`, `files`, `eraser`, `journal`, and what hooks are delivered from. */
export function manifest(options: ManifestOptions): Plugin {
  return manifestIn(folderHome, options)
}

/** As `manifest`, in a home of another kind: simulations keep theirs in memory. Not part of the package's face. */
export function manifestIn(homeOf: (parts: HomeParts) => Home, options: ManifestOptions): Plugin {
  return definePlugin({
    name: '@holdfast/manifest',
    id: 'manifest',
    version: createRequire(import.meta.url)('../package.json').version,
    api: '1.0',
    needs: ['backend', 'log?'],
    provides: ['manifest', 'files', 'eraser', 'journal', 'batches'],
    failpoints: MANIFEST_FAILPOINTS,
    options: { ...options },
    config: {
      dataDir: text({ doc: 'Folder for the manifest, on a local disk; one process owns it.' }),
      eraseDelay: duration({
        doc: 'How long a deleted file can be brought back, unless the call says otherwise.',
        default: '1h',
        max: '3650d',
        zero: 'not at all',
      }),
      tombstoneTime: duration({
        doc: 'How long a key stays retired after its bytes are gone; not shorter than `deleteTimeout`.',
        default: '30d',
        min: '1m',
        max: '3650d',
      }),
      deleteTimeout: duration({
        doc: 'Hard limit of one call that deletes bytes.',
        default: '1m',
        min: '100ms',
        max: '1d',
      }),
      logKeep: integer({
        doc: 'Records that the log keeps at least; what is older goes when nobody needs it.',
        default: 10_000,
        max: 1_000_000_000,
        zero: 'only what is needed is kept',
      }),
      tapCeiling: integer({
        doc: 'Records that a tap of onManifestBatch may hold back; one that is further behind gets a reset.',
        default: 100_000,
        max: 1_000_000_000,
        zero: 'no tap holds the log back',
      }),
      reserve: bytes({
        doc: 'Room on the disk of the data folder that a file keeps for deleting, for when the disk is full.',
        default: '16MiB',
        max: '1GiB',
        zero: 'none is kept',
      }),
      checkTime: duration({
        doc: 'How long a start after a crash may look at every row, for damage. Then it goes on.',
        default: '10m',
        max: '1d',
        zero: 'it does not look',
      }),
      lowWater: bytes({
        doc: 'Room on the disk of the data folder below which nothing new is written; deleting goes on.',
        default: '64MiB',
        zero: 'it is not watched',
      }),
    },
    setup({ config, node, clock, ids, gate, failpoints, audit, metrics, log, provide, onStart, onStop }) {
      // A DELETE that is still under way when its key may be used again would hit what lives.
      if (config.deleteTimeout > config.tombstoneTime)
        throw new Error('deleteTimeout must not be longer than tombstoneTime')
      let service: ManifestService
      let eraser: ManifestEraser
      const opened = () => service.opened()
      const failed = metrics.counter(
        'holdfast_files_unreadable_total',
        'Reads of listed files whose bytes were missing, or not those that were written.',
      )
      const { reserve, lowWater, checkTime } = config
      const dataDir = resolve(config.dataDir)
      const home = homeOf({ dataDir, reserve, lowWater, checkTime, clock, failpoints, log })
      provide('manifest', ({ backend, log: sharedLog }) => {
        const parts = {
          storage: backend,
          sharedLog,
          clock,
          ids,
          failpoints,
          gate,
          audit,
          log,
          givenId: node.givenId,
        }
        const { logKeep, tapCeiling } = config
        service = new ManifestService({ ...parts, home, logKeep, tapCeiling })
        return service
      })
      provide('files', ({ backend }) => {
        const { eraseDelay } = config
        const unreadable = (problem: 'missing' | 'corrupt') => failed.add({ problem })
        return new ManifestFiles({ opened, storage: backend, layout: node.layout, eraseDelay, unreadable })
      })
      provide('eraser', ({ backend }) => {
        const { tombstoneTime, deleteTimeout } = config
        const parts: EraserParts = { opened, storage: backend, gate, clock, tombstoneTime, deleteTimeout }
        eraser = new ManifestEraser(parts)
        return eraser
      })
      // After the manifest, whose lock on the data folder guards the journal as well.
      provide('journal', () => new JournalService(home, ids.next(), failpoints))
      provide('batches', () => new ManifestBatches(opened, Math.max(config.tapCeiling, config.logKeep)))
      onStart(() => eraser.begin())
      onStop(() => eraser.end())
    },
  })
}
