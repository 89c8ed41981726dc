import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asOf, expiredFiles, type Hours, listHours, retentionNode } from './hours.ts'
import { type BenchLine, comparePairs, fileSystemOf, type Sample } from './pairs.ts'

const FILES = 1_000_000
const FILES_A_FOLDER = 1000
const EXPIRED = 10_000
const PAIRS = 11
/** What the plan may take, at most, of the time that it takes among a tenth of the files. */
const BOUND = 1.3

/** Plans the same expired files among many and among a tenth of them: what is kept must not be looked at. */
export async function retentionPlan(files = FILES): Promise<BenchLine & Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const n = Math.round((EXPIRED * files) / FILES)
    const many = await planner(join(folder, 'many'), files, n)
    const few = await planner(join(folder, 'few'), files / 10, n)
    const compared = await comparePairs(PAIRS, n, many.plan, few.plan)
    await many.stop()
    await few.stop()
    const timeRatio = Math.round((1 / compared.ratio) * 1000) / 1000
    return {
      ...compared,
      better: 'higher',
      bound: Math.round((1 / BOUND) * 1000) / 1000,
      timeRatio,
      timeBound: BOUND,
      pass: timeRatio <= BOUND,
      n,
      listed: [files, files / 10],
      fs: fileSystemOf(folder),
      sync: 'every 1000 files of a plan, and its end',
      peerCommand: `the same ${n} files planned among ${files / 10} instead of ${files}`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function planner(folder: string, files: number, expired: number) {
  const folders = files / FILES_A_FOLDER
  const expiredFolders = expired / FILES_A_FOLDER
  const hours: Hours = { root: join(folder, 'files'), files, folders, expiredFolders }
  if (expiredFiles(hours) !== expired) throw new Error('void: hours cannot expire in part')
  const dataDir = join(folder, 'data')
  await listHours(dataDir, hours)
  const node = await retentionNode({ dataDir, root: hours.root }).start()
  return {
    stop: () => node.stop(),
    async plan(): Promise<Sample> {
      const start = performance.now()
      const { totals, digest } = await node.jobs.plan('retention', { asOf: asOf(hours) })
      const ms = performance.now() - start
      return { ms, result: `${totals.files} files, ${digest}` }
    },
  }
}
