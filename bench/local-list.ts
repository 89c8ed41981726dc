import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLocalBackend } from '@holdfast/backend-local'
import { type BenchLine, comparePairs, type Sample } from './pairs.ts'
import { makeTree, treeFolder } from './tree.ts'

const N = 500_000
const FOLDERS = 2000
const PAIRS = 9
const BOUND = 0.9
const PEER = 'find . -type f | LC_ALL=C sort'

/** Lists the names of half a million files in the process, against find and sort, which write them to a file. */
export async function localList(): Promise<BenchLine> {
  using folder = treeFolder()
  const root = makeTree(folder, `tree-${N}`, FOLDERS, N)
  const backend = await openLocalBackend({ root })
  const ours = async (): Promise<Sample> => {
    const pages: (readonly string[])[] = []
    const start = performance.now()
    for await (const { keys } of backend.list()) pages.push(keys)
    const ms = performance.now() - start
    return { ms, result: hashOf(pages.flat()) }
  }
  const output = join(folder.path, 'output')
  const peer = async (): Promise<Sample> => {
    const start = performance.now()
    execFileSync('sh', ['-c', `${PEER} > "$0"`, output], { cwd: root })
    const ms = performance.now() - start
    const lines = readFileSync(output, 'utf8').trimEnd().split('\n')
    return { ms, result: hashOf(lines.map((line) => line.slice('./'.length))) }
  }
  const compared = await comparePairs(PAIRS, N, ours, peer)
  await backend.stop?.()
  return {
    ...compared,
    better: 'higher',
    bound: BOUND,
    pass: compared.ratio >= BOUND,
    n: N,
    fs: folder.fs,
    sync: 'none',
    peerCommand: PEER,
  }
}

export function hashOf(keys: readonly string[]): string {
  return `${keys.length} ${createHash('sha256').update(keys.join('\n')).digest('hex')}`
}
