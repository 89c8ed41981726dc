import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RESERVED_FOLDER } from '@holdfast/core'
import { asOf, expiredFiles, folderOf, type Hours, left, listHours, writeHours } from './hours.ts'
import { type BenchLine, comparePairs, fileSystemOf, median, type Sample } from './pairs.ts'
import type { Ran } from './retention-child.ts'

const FILES = 1_000_000
const FILES_A_FOLDER = 1000
const PAIRS = 5
const BOUND = 0.5

/**
 * Lets retention take a tenth of the files, from the plan to the last byte and the folders that it empties, against
 * `find -delete` on the same folders, which remembers nothing, syncs nothing and leaves the folders.
 */
export async function retentionRun(files = FILES): Promise<BenchLine & Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const root = join(folder, 'files')
    const folders = files / FILES_A_FOLDER
    const hours: Hours = { root, files, folders, expiredFolders: folders / 10 }
    const n = expiredFiles(hours)
    const template = join(folder, 'template')
    await listHours(join(template, 'data'), hours)
    cpSync(join(root, RESERVED_FOLDER), join(template, RESERVED_FOLDER), { recursive: true })
    writeHours(hours, hours.expiredFolders, folders)
    const expired = Array.from({ length: hours.expiredFolders }, (_, hour) => join(root, folderOf(hour)))
    const runs: Ran[] = []
    const dataDir = join(folder, 'data')
    const prepare = () => {
      for (const [from, to] of [
        [join(template, 'data'), dataDir],
        [join(template, RESERVED_FOLDER), join(root, RESERVED_FOLDER)],
      ] as const) {
        rmSync(to, { recursive: true, force: true })
        cpSync(from, to, { recursive: true })
      }
      writeHours(hours, 0, hours.expiredFolders)
      // What either side deletes lies on the disk, and is not still on its way there.
      execFileSync('sync')
    }
    const ours = async (): Promise<Sample> => {
      prepare()
      const ran = runRetention(dataDir, hours)
      if (ran.condemned !== n || ran.listed !== files - n || ran.waiting + ran.setAside > 0)
        throw new Error(`void: ${JSON.stringify({ ...ran, memory: undefined })}`)
      const stays = expired.find((path) => existsSync(path))
      if (stays !== undefined) throw new Error(`void: ${stays} is still there`)
      runs.push(ran)
      return { ms: ran.ms, result: left(hours) }
    }
    const peer = async (): Promise<Sample> => {
      prepare()
      const start = performance.now()
      execFileSync('find', [...expired, '-type', 'f', '-delete'])
      const ms = performance.now() - start
      return { ms, result: left(hours) }
    }
    const compared = await comparePairs(PAIRS, n, ours, peer)
    const { transactions, journal, folderSyncs } = runs.at(-1) as Ran
    return {
      ...compared,
      better: 'higher',
      bound: BOUND,
      pass: compared.ratio >= BOUND,
      n,
      listed: files,
      folders,
      condemnedMs: Math.round(median(runs.map(({ condemnedMs }) => condemnedMs))),
      totalMs: Math.round(median(runs.map(({ ms }) => ms))),
      transactions,
      journal,
      folderSyncs,
      fs: fileSystemOf(folder),
      sync: 'ours: every transaction, every folder; the peer: none',
      peerCommand: `find <${hours.expiredFolders} folders> -type f -delete`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** In a process of its own, whose memory and syncs are its own. */
export function runRetention(dataDir: string, hours: Hours, execArgv: readonly string[] = []): Ran {
  const child = fileURLToPath(new URL('retention-child.ts', import.meta.url))
  const args = [...process.execArgv, ...execArgv, child, dataDir, hours.root, String(asOf(hours))]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 }))
}
