import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchNode, makeDataDir, openRows } from './manifest-node.ts'
import { type BenchLine, comparePairs, fileSystemOf, type Sample } from './pairs.ts'

const N = 1_000_000
const PAIRS = 11
/** Scans a sample: one takes 0.2 s, which a busy machine can double. */
const SCANS = 5
const BOUND = 0.7
/** A hash of every key would be most of the time on both sides; a step of pages does not hide a missing key. */
const HASHED_EVERY = 97

/** Reads every key by pages through the manifest, against lmdb-js reading the names of the same rows in one range. */
export async function manifestScanKeys(): Promise<BenchLine> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const objects = await makeDataDir(folder, N)
    await using node = await benchNode({ dataDir: folder, objects }).start()
    const authority = node.service('manifest')
    const db = openRows(join(folder, 'manifest'))
    const ours = async (): Promise<Sample> => {
      const seen = new Seen()
      const start = performance.now()
      for (let scan = 0; scan < SCANS; scan++)
        for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
          const page = authority.keys(cursor === undefined ? {} : { after: cursor })
          for (const key of page.keys) seen.add(key)
          cursor = page.next
        }
      return { ms: performance.now() - start, result: seen.result() }
    }
    const peer = async (): Promise<Sample> => {
      const seen = new Seen()
      const start = performance.now()
      for (let scan = 0; scan < SCANS; scan++)
        for (const name of db.getKeys({ start: Buffer.from('k'), end: Buffer.from('l') })) seen.addRow(name)
      return { ms: performance.now() - start, result: seen.result() }
    }
    const compared = await comparePairs(PAIRS, N * SCANS, ours, peer)
    await db.close()
    return {
      ...compared,
      better: 'higher',
      bound: BOUND,
      pass: compared.ratio >= BOUND,
      n: N,
      fs: fileSystemOf(folder),
      sync: 'none',
      peerCommand: 'lmdb-js getKeys over the same rows, keys as bytes',
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What a side saw: how many keys, their length in all, and some of them by hash. Keys here are ASCII. */
class Seen {
  readonly #hash = createHash('sha256')
  #count = 0
  #length = 0

  add(key: string): void {
    if (this.#count++ % HASHED_EVERY === 0) this.#hash.update(key)
    this.#length += key.length
  }

  addRow(name: Buffer): void {
    if (this.#count++ % HASHED_EVERY === 0) this.#hash.update(name.subarray(1))
    this.#length += name.length - 1
  }

  result(): string {
    return `${this.#count} keys, ${this.#length} bytes, ${this.#hash.digest('hex')}`
  }
}
