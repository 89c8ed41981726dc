import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchNode, makeDataDir, type NodeParts } from './manifest-node.ts'
import { type BenchLine, fileSystemOf, median } from './pairs.ts'

const N = 1_000_000
const PAIRS = 11
/** Ms that a million entries may add to a start. */
const BOUND = 200

/** Starts a node whose manifest lists a million files, and one whose manifest is empty, in turn. */
export async function manifestOpen(): Promise<BenchLine & Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const full = await madeIn(join(folder, 'full'), N)
    const empty = await madeIn(join(folder, 'empty'), 0)
    const pairs: { ours: number; peer: number }[] = []
    for (let pair = -1; pair < PAIRS; pair++) {
      const first = pair % 2 === 0 ? full : empty
      const a = await startOf(first)
      const b = await startOf(first === full ? empty : full)
      const [ours, peer] = first === full ? [a, b] : [b, a]
      if (pair >= 0) pairs.push({ ours, peer })
    }
    const more = pairs.map(({ ours, peer }) => ours - peer).sort((a, b) => a - b)
    return {
      ours: round(median(pairs.map(({ ours }) => ours))),
      peer: round(median(pairs.map(({ peer }) => peer))),
      ratio: round(median(pairs.map(({ ours, peer }) => ours / peer))),
      range: null,
      moreMs: round(median(more)),
      moreMsRange: [round(more[0]!), round(more.at(-1)!)],
      better: 'lower',
      bound: BOUND,
      pass: median(more) <= BOUND,
      n: N,
      fs: fileSystemOf(folder),
      sync: 'every transaction, overlappingSync: false',
      peerCommand: 'start of the same node with an empty manifest; ms each, the bound is for moreMs',
      pairs: PAIRS,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Made = NodeParts & { readonly files: number }

async function madeIn(dataDir: string, files: number): Promise<Made> {
  return { dataDir, files, objects: await makeDataDir(dataDir, files) }
}

/** Ms until a node has started. The two sides cannot give one result: each must count what it was made of. */
async function startOf(made: Made): Promise<number> {
  const node = benchNode(made)
  const start = performance.now()
  await node.start()
  const ms = performance.now() - start
  const files = node
    .service('manifest')
    .namespaces()
    .items.reduce((sum, namespace) => sum + namespace.files, 0)
  await node.stop()
  if (files !== made.files) throw new Error(`void: a manifest of ${made.files} files started with ${files}`)
  return ms
}

const round = (value: number) => Math.round(value * 10) / 10
