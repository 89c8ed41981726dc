import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serialize } from 'node:v8'
import { makeDataDir } from './manifest-node.ts'
import { alone, type BenchLine, fileSystemOf } from './pairs.ts'
import type { Scanned } from './scan-node.ts'

const N = 1_000_000
/** Anonymous memory of the whole process, bytes. */
const BOUND = 150_000_000
/** V8 lets its young generation grow to three times this, by what has happened to survive: 16 or 32 MB, as runs go. */
const YOUNG = ['--max-semi-space-size=16']

/** A child starts a node on a million entries and scans them all; its memory is looked at after every page. */
export async function manifestMemory(): Promise<BenchLine & Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const dataDir = join(folder, 'data')
    const store = join(folder, 'store')
    writeFileSync(store, serialize((await makeDataDir(dataDir, N)).byKey))
    const child = fileURLToPath(new URL('scan-node.ts', import.meta.url))
    // As users run it, what was built: to strip the types of all sources makes the young generation grow by tens of MB.
    const printed = execFileSync(process.execPath, [...YOUNG, child, dataDir, store])
    const scanned: Scanned = JSON.parse(printed.toString())
    if (scanned.entries !== N || scanned.keys !== N)
      throw new Error(`void: ${scanned.entries} entries and ${scanned.keys} keys were scanned`)
    const { size } = statSync(join(dataDir, 'manifest', 'data.mdb'))
    return {
      ...alone,
      ...scanned,
      ours: scanned.rssAnonPeak,
      better: 'lower',
      bound: BOUND,
      pass: scanned.rssAnonPeak < BOUND,
      n: N,
      fs: fileSystemOf(folder),
      sync: 'none while it scans',
      peerCommand: 'none: bytes of RssAnon of a whole process',
      bytesOnDisk: size,
      bytesPerEntry: Math.round(size / N),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
