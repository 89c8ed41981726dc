import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Listed } from './list-wide-child.ts'
import { hashOf } from './local-list.ts'
import { type BenchLine, comparePairs, type Sample } from './pairs.ts'
import { makeTree, treeFolder } from './tree.ts'

const N = 1_000_000
const PAIRS = 5
const BOUND = 2
/** Anonymous memory of the whole process that lists, bytes. */
const MEMORY_BOUND = 150_000_000
const PEER = 'rclone lsf -R --files-only --config "" .'

/** Lists one folder of a million files, in a process of its own whose memory is looked at, against rclone. */
export async function localListWide(): Promise<BenchLine & Record<string, unknown>> {
  const version = execFileSync('rclone', ['version'], { encoding: 'utf8' }).split('\n')[0]
  using folder = treeFolder()
  const root = makeTree(folder, `wide-${N}`, 1, N)
  const child = fileURLToPath(new URL('list-wide-child.ts', import.meta.url))
  const peaks: number[] = []
  const ours = async (): Promise<Sample> => {
    const printed = execFileSync(process.execPath, [...process.execArgv, child, root], { encoding: 'utf8' })
    const { ms, result, rssAnonPeak }: Listed = JSON.parse(printed)
    peaks.push(rssAnonPeak)
    return { ms, result }
  }
  const output = join(folder.path, 'output')
  const peer = async (): Promise<Sample> => {
    const start = performance.now()
    execFileSync('sh', ['-c', `${PEER} > "$0"`, output], { cwd: root })
    const ms = performance.now() - start
    // Its order is its own affair; ASCII names sort as their bytes do.
    const lines = readFileSync(output, 'utf8').trimEnd().split('\n').sort()
    return { ms, result: hashOf(lines) }
  }
  const compared = await comparePairs(PAIRS, N, ours, peer)
  const rssAnonPeak = Math.max(...peaks)
  return {
    ...compared,
    better: 'higher',
    bound: BOUND,
    pass: compared.ratio >= BOUND && rssAnonPeak < MEMORY_BOUND,
    rssAnonPeak,
    rssAnonBound: MEMORY_BOUND,
    n: N,
    fs: folder.fs,
    sync: 'none',
    peerCommand: `${PEER} (${version})`,
  }
}
