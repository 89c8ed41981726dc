import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HoldfastNode } from '@holdfast/core'
import type { ActOf } from './act.ts'
import { ALL, type Counts } from './expected.ts'
import { encodeHour, readHours } from './hours.ts'
import { inParallel } from './in-parallel.ts'

/** Writes that wait together share the manifest's commit and the disk's flushes. */
const WRITES_AT_ONCE = 64

/**
 * Writes every hour that has not been written yet. An hour that is not listed may be new or may have expired: only
 * what lives is listed. A marker in the folder tells them apart. It is made when every hour is listed, and nothing
 * expires before it is durable. So without it an hour that is not listed was never written, and with it none is left
 * to write; a crash at any moment, also right before it is made, leaves one or the other.
 */
export async function ingest(
  node: HoldfastNode,
  folder: string,
  tell: (act: ActOf<'writing'>) => void,
): Promise<Omit<ActOf<'ingested'>, 'act'>> {
  const marker = join(folder, 'ingested.json')
  if (existsSync(marker)) return { written: 0, stored: JSON.parse(readFileSync(marker, 'utf8')) }
  let done = 0
  let written = 0
  await inParallel(readHours(), WRITES_AT_ONCE, async (hour) => {
    const { path, minTime, maxTime, rows } = hour
    if ((await node.files.stat(path)) === undefined) {
      // The namespace, flights/us, is what the node's layout reads from the path.
      await node.files.write(path, encodeHour(hour), { minTime, maxTime, rows })
      written++
    }
    tell({ act: 'writing', done: ++done, total: ALL.hours })
  })
  const stored = listed(node)
  writeDurably(folder, marker, `${JSON.stringify(stored)}\n`)
  return { written, stored }
}

/** All files that the node lists, from the counters that its manifest keeps. */
export function listed(node: HoldfastNode): Counts {
  const counts = { hours: 0, rows: 0, bytes: 0 }
  for (const { files, rows, bytes } of node.service('manifest').namespaces().items) {
    counts.hours += files
    counts.rows += rows
    counts.bytes += bytes
  }
  return counts
}

/** The whole file or none of it, and after this call for good. */
function writeDurably(folder: string, file: string, text: string): void {
  const temp = `${file}.tmp`
  writeFileSync(temp, text, { flush: true })
  renameSync(temp, file)
  const fd = openSync(folder, 'r')
  fsyncSync(fd)
  closeSync(fd)
}
