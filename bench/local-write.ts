import { createHash } from 'node:crypto'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocalBackend } from '@holdfast/backend-local'
import { type BenchLine, comparePairs, fileSystemOf, type Sample } from './pairs.ts'

const N = 2000
const CALLERS = 64
const PAIRS = 7
const BYTES = 4096

/**
 * Writes files of 4 KiB for 64 callers, each synced, named, its folder synced, and only then acknowledged. The peer is
 * what the machine can do: the same bytes appended to one open file, with one fdatasync for each 4 KiB.
 */
export async function localWrite(): Promise<BenchLine> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const pieces = Array.from({ length: N }, (_, i) => Buffer.alloc(BYTES, `piece ${i} `))
    let run = 0
    const ours = async (): Promise<Sample> => {
      const root = join(folder, `ours-${run++}`)
      const backend = await openLocalBackend({ root })
      const keyOf = (i: number) => `sales/part-${i}`
      const caller = async (_: unknown, first: number) => {
        for (let i = first; i < N; i += CALLERS) await backend.write(keyOf(i), pieces[i]!)
      }
      const start = performance.now()
      await Promise.all(Array.from({ length: CALLERS }, caller))
      const ms = performance.now() - start
      const hash = createHash('sha256')
      for (let i = 0; i < N; i++) hash.update(readFileSync(join(root, keyOf(i))))
      await backend.stop?.()
      rmSync(root, { recursive: true })
      return { ms, result: hash.digest('hex') }
    }
    const peer = async (): Promise<Sample> => {
      const path = join(folder, 'peer')
      const fd = openSync(path, 'w')
      const start = performance.now()
      for (const piece of pieces) {
        writeSync(fd, piece)
        fdatasyncSync(fd)
      }
      const ms = performance.now() - start
      closeSync(fd)
      const result = createHash('sha256').update(readFileSync(path)).digest('hex')
      rmSync(path)
      return { ms, result }
    }
    const compared = await comparePairs(PAIRS, N, ours, peer)
    return {
      ...compared,
      better: 'higher',
      bound: null,
      pass: true,
      n: N,
      fs: fileSystemOf(folder),
      sync: `ours: each file, and its folder for all who wait; ${CALLERS} callers`,
      peerCommand: `write and fdatasync of ${BYTES} bytes to one open file, one after the other`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
