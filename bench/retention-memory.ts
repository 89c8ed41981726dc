import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hours, listHours } from './hours.ts'
import { alone, type BenchLine, fileSystemOf } from './pairs.ts'
import { runRetention } from './retention-run.ts'

const FILES = 200_000
const FILES_A_FOLDER = 1000
/** Bytes of RssAnon that a run may add for each file. */
const BOUND = 16
/** The collector can be asked; and its room for what is young does not grow with the load, as it does by default, in steps of 16 MiB. */
const FLAGS = ['--expose-gc', '--max-semi-space-size=4']

/**
 * Condemns and dooms files whose bytes are gone already, and looks at the memory after every chunk, when the collector
 * has run: what is left is a line over the files, and its slope must be flat.
 */
export async function retentionMemory(files = FILES): Promise<BenchLine & Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const folders = files / FILES_A_FOLDER
    const hours: Hours = { root: join(folder, 'files'), files, folders, expiredFolders: folders }
    const dataDir = join(folder, 'data')
    await listHours(dataDir, hours)
    const { condemned, memory } = runRetention(dataDir, hours, FLAGS)
    // Caches and compiled code fill at the beginning.
    const settled = memory.slice(Math.floor(memory.length / 4))
    const slope = Math.round(slopeOf(settled) * 100) / 100
    return {
      ...alone,
      ours: slope,
      better: 'lower',
      bound: BOUND,
      pass: slope <= BOUND && condemned === files,
      n: condemned,
      rssAnonFirstMiB: mib(settled[0]?.[1]),
      rssAnonLastMiB: mib(settled.at(-1)?.[1]),
      fs: fileSystemOf(folder),
      sync: 'every transaction',
      peerCommand: 'none: bytes of RssAnon for each file more, after a quarter of them',
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Of the line that is nearest to all points, by the squares. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return over / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}

const mib = (bytes = 0) => Math.round((bytes / 1024 ** 2) * 10) / 10
