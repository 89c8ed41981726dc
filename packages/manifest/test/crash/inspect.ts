import { readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Entry, FailpointRegistry, type HoldfastNode, mintedPath, type StorageKey } from '@holdfast/core'
import { distinct, eventsOf } from '../consumers/events-of.ts'
import { openStore } from '../consumers/store.ts'
import { dataDirOf, nodeIn, rootOf, witnessOf } from './node.ts'
import { testimony } from './witness.ts'

/** A folder for the lives of one node; gone with the test. */
export async function tempFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-crash-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

/** What a node and its disks look like at rest. Two runs that did the same look the same. */
export interface Inspection {
  readonly contentDigest: string
  /** Paths that bytes are stored for, listed or condemned, in order. */
  readonly stored: readonly string[]
  readonly dataDir: readonly string[]
  /** Everything that must never be, in words. */
  readonly problems: readonly string[]
}

/** Opens the node of a folder once more and looks at everything. */
export async function inspect(folder: string): Promise<Inspection> {
  const failpoints = new FailpointRegistry()
  const passed = failpoints.census()
  const node = await nodeIn(folder, failpoints).start()
  const problems: string[] = []
  // Recovery passes this point only when there are pending rows.
  if (passed.has('recovery.before')) problems.push('there were pending rows')
  await node.eraser.drain()
  const keys = await storedKeys(node)
  problems.push(...(await missingBytes(node, new Set(keys))), ...orphans(node, keys))
  problems.push(...node.service('manifest').check())
  for (const { key } of node.eraser.queue()) problems.push(`${key} is still queued`)
  const contentDigest = node.service('manifest').contentDigest()
  await node.hooks.drain()
  await node.stop()
  problems.push(...(await undelivered(folder)))
  for (const name of readdirSync(join(rootOf(folder), '.holdfast', 'tmp')))
    problems.push(`${name} is a temporary file`)
  problems.push(...emptyFolders(rootOf(folder), ''))
  const stored = keys.map((key) => mintedPath(key) ?? key).sort()
  return { contentDigest, stored, dataDir: readdirSync(dataDirOf(folder)).sort(), problems }
}

/** Where the taps of all lives together have seen something else than the log has. */
async function undelivered(folder: string): Promise<string[]> {
  await using store = await openStore(dataDirOf(folder))
  const seen = testimony(witnessOf(folder))
  const events = eventsOf(store, 0)
  return (['batches', 'deleted'] as const).flatMap((what) => {
    const got = distinct(seen[what])
    const at = events[what].findIndex((event, index) => got[index] !== event)
    if (at === -1 && got.length === events[what].length) return []
    return [`of ${events[what].length} ${what} in the log ${got.length} were delivered; they part at ${at}`]
  })
}

async function storedKeys(node: HoldfastNode): Promise<StorageKey[]> {
  const keys: StorageKey[] = []
  for await (const page of node.service('backend').list()) keys.push(...(page.keys as StorageKey[]))
  return keys
}

/** Reads every listed file to its end, where its checksum is judged, and looks for the bytes of condemned ones. */
async function missingBytes({ files }: HoldfastNode, stored: ReadonlySet<string>): Promise<string[]> {
  const problems: string[] = []
  for await (const entry of files.list()) {
    if ((await files.stat(entry.path))?.key !== entry.key) problems.push(`${entry.path} has no stat`)
    const problem = await readProblem(files, entry)
    if (problem !== undefined) problems.push(`${entry.path} is listed and cannot be read: ${problem}`)
  }
  for await (const { key } of files.condemned())
    if (!stored.has(key)) problems.push(`${key} is condemned and has no bytes`)
  return problems
}

async function readProblem(files: HoldfastNode['files'], { path, size }: Entry): Promise<string | undefined> {
  try {
    let bytes = 0
    for await (const piece of await files.read(path)) bytes += piece.length
    return bytes === size ? undefined : `${bytes} of ${size} bytes`
  } catch (error) {
    return String(error)
  }
}

function orphans(node: HoldfastNode, keys: readonly StorageKey[]): string[] {
  return keys.flatMap((key) => {
    const state = node.service('manifest').key(key)?.state
    return state === 'live' || state === 'condemned' ? [] : [`${key} has bytes and is ${state ?? 'unknown'}`]
  })
}

function emptyFolders(root: string, folder: string): string[] {
  const names = readdirSync(join(root, folder)).map((name) => join(folder, name))
  if (names.length === 0) return [`${folder || 'the root'} is an empty folder`]
  return names
    .filter((name) => name !== '.holdfast' && statSync(join(root, name)).isDirectory())
    .flatMap((name) => emptyFolders(root, name))
}
