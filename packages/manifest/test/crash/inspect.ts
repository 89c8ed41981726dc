import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Entry, FailpointRegistry, type HoldfastNode, mintedPath, type StorageKey } from '@holdfast/core'
import { distinct } from '../consumers/distinct.ts'
import { dataDirOf, nodeIn, rootOf, witnessOf } from './node.ts'
import { type Told, testimony } from './witness.ts'

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
  const committed = await committedBatches(node)
  await node.stop()
  problems.push(...undelivered(folder, committed))
  for (const name of readdirSync(join(rootOf(folder), '.holdfast', 'tmp')))
    problems.push(`${name} is a temporary file`)
  problems.push(...emptyFolders(rootOf(folder), ''))
  const stored = keys.map((key) => mintedPath(key) ?? key).sort()
  return { contentDigest, stored, dataDir: readdirSync(dataDirOf(folder)).sort(), problems }
}

/** Batches that the state remembers as committed, in the order of the log: a row for each record has their ids. */
async function committedBatches(node: HoldfastNode): Promise<string[]> {
  const manifest = node.service('manifest')
  const ids: string[] = []
  {
    using rows = manifest.rows()
    for await (const page of rows.pages())
      for (const { name, value } of page)
        if (name[0] === 's'.charCodeAt(0))
          ids.push(
            ...(Buffer.from(value)
              .toString('latin1')
              .match(/[0-9A-HJKMNP-TV-Z]{26}/g) ?? []),
          )
  }
  const known = await Promise.all(ids.map(async (id) => [id, await manifest.resolve(id)] as const))
  return known.flatMap(([id, result]) => (result && result.status !== 'rejected' ? [id] : []))
}

/** Where the taps of all lives together have seen something else than what was committed. */
function undelivered(folder: string, committed: readonly string[]): string[] {
  const seen = testimony(witnessOf(folder))
  const got = { batches: distinct(seen.batches), deleted: distinct(seen.deleted) }
  const events = { batches: committed, deleted: deletedBy([...seen.told.values()].flat()) }
  return (['batches', 'deleted'] as const).flatMap((what) => {
    const at = events[what].findIndex((event, index) => got[what][index] !== event)
    if (at === -1 && got[what].length === events[what].length) return []
    return [
      `of ${events[what].length} ${what} that were committed ${got[what].length} were delivered; they part at ${at}`,
    ]
  })
}

/** The keys of files that were listed, as they were doomed. */
function deletedBy(ops: readonly Told[]): string[] {
  const done = ops.filter(([, , status]) => status === 'done')
  const listed = new Set(
    done.flatMap(([type, key]) => (type === 'register' || type === 'replace' ? [key] : [])),
  )
  return distinct(done.flatMap(([type, key]) => (type === 'doom' && listed.has(key) ? [key] : [])))
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
