import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Backend,
  type CommitResult,
  type CondemnOp,
  createNode,
  type DoomOp,
  definePlugin,
  type EntryChanges,
  type ErasedOp,
  type Eraser,
  FailpointRegistry,
  type FilePath,
  type Files,
  type ForgetOp,
  type HoldfastNode,
  type HoldOp,
  type HoldScope,
  type Manifest,
  type NewEntry,
  type Op,
  type Plugin,
  parseKey,
  parsePath,
  type RegisterOp,
  type ReleaseOp,
  type ReplaceOp,
  type StorageKey,
  type UndoOp,
  type UndoReplacementOp,
  type UpdateOp,
} from '@holdfast/core'
import { type ManifestOptions, manifest } from '@holdfast/manifest'
import { backendMemory, FakeClock, MemoryObjects, memoryBackend } from '@holdfast/testkit'
import { open, type RootDatabase } from 'lmdb'
import { onTestFinished } from 'vitest'

export const FENCE = { role: 'standalone', epoch: 0 } as const
export const T0 = Date.UTC(2026, 0, 1)
const SUM = `sha256:${'ab'.repeat(32)}`

export interface TestNode {
  readonly node: HoldfastNode
  readonly manifest: Manifest
  readonly files: Files
  readonly eraser: Eraser
  readonly clock: FakeClock
  readonly failpoints: FailpointRegistry
  readonly objects: MemoryObjects
  readonly dataDir: string
  /** Commits ops under the fence of this node. */
  commit(...ops: Op[]): Promise<CommitResult>
  /** Commits one op and gives its outcome as `done`, `same` or the reason of the skip. */
  outcome(op: Op): Promise<string>
  /** Stops the node and starts another one over the same folder, store and clock, otherwise as said. */
  restart(changes?: TestNodeOptions): Promise<TestNode>
}

export interface TestNodeOptions extends Partial<ManifestOptions> {
  readonly clock?: FakeClock
  readonly objects?: MemoryObjects
  readonly plugins?: readonly Plugin[]
  readonly backend?: (objects: MemoryObjects) => Plugin
  /** Lets the eraser work. Without it a test moves every key itself. */
  readonly erasing?: boolean
}

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A node over memory, with a clock that stands still. */
export async function testNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const {
    clock = new FakeClock(T0),
    objects = new MemoryObjects(),
    plugins = [],
    backend,
    erasing = false,
    ...rest
  } = options
  const dataDir = rest.dataDir ?? tempFolder()
  const failpoints = new FailpointRegistry()
  const store = backend?.(objects) ?? backendMemory({ objects })
  const node = createNode({
    plugins: [
      store,
      manifest({ reserve: 0, ...rest, dataDir }),
      ...plugins,
      ...(erasing ? [] : [noErasing()]),
    ],
    id: 'node-1',
    clock,
    failpoints,
    log: 'silent',
    // A clock that stands still ends no wait.
    storeRetries: 0,
    storeRate: 'off',
  })
  onTestFinished(() => node.stop())
  await node.start()
  const authority = node.service('manifest')
  const commit = (...ops: Op[]) => authority.commit({ ops, fence: FENCE })
  return {
    node,
    manifest: authority,
    files: node.files,
    eraser: node.eraser,
    clock,
    failpoints,
    objects,
    dataDir,
    commit,
    async outcome(op) {
      const [outcome] = (await commit(op)).outcomes
      return outcome!.status === 'skipped' ? outcome!.reason : outcome!.status
    },
    async restart(changes) {
      await node.stop()
      return testNode({ ...options, dataDir, objects, clock, ...changes })
    },
  }
}

/** Closes the gate for the eraser. */
export function noErasing(): Plugin {
  return definePlugin({
    name: 'test-no-erasing',
    id: 'no-erasing',
    version: '1.0.0',
    api: '1.0',
    setup: ({ hooks }) =>
      hooks.gate.tap(async ({ action }) => (action === 'erase' ? { deny: 'not now' } : undefined)),
  })
}

/** An entry as a proposer makes it, with what the test says of it. */
export function newEntry(
  path: string,
  fields: Partial<Omit<NewEntry, 'key'>> & { readonly key?: string } = {},
): NewEntry {
  return {
    path: parsePath(path),
    namespace: 'ns',
    size: 3,
    checksum: SUM,
    createdAt: T0,
    origin: 'node-1',
    storeId: 'store-1',
    ...fields,
    key: parseKey(fields.key ?? path),
  }
}

export const register = (path: string, fields?: Parameters<typeof newEntry>[1]): RegisterOp => ({
  type: 'register',
  entry: newEntry(path, fields),
})
export const path = (text: string): FilePath => parsePath(text)
export const key = (text: string): StorageKey => parseKey(text)
export const condemn = (name: string, generation?: number, fields: Partial<CondemnOp> = {}): CondemnOp => ({
  type: 'condemn',
  key: key(name),
  ...(generation !== undefined && { generation }),
  delay: 0,
  reason: 'test',
  ...fields,
})
export const condemnUnlisted = (name: string, fields: Partial<CondemnOp> = {}): CondemnOp =>
  condemn(name, undefined, { unlisted: { storeId: 'store-1' }, ...fields })
export const undo = (name: string): UndoOp => ({ type: 'undo', key: key(name) })
export const doom = (name: string): DoomOp => ({ type: 'doom', key: key(name) })
export const erased = (name: string, keep = 1000): ErasedOp => ({ type: 'erased', key: key(name), keep })
export const forget = (name: string): ForgetOp => ({ type: 'forget', key: key(name) })
export const update = (name: string, generation: number, changes: EntryChanges): UpdateOp => ({
  type: 'update',
  key: key(name),
  generation,
  changes,
})
/** Inputs as key and generation; outputs as entries. */
export const replace = (
  inputs: Readonly<Record<string, number>>,
  outputs: readonly NewEntry[],
  fields: Partial<ReplaceOp> = {},
): ReplaceOp => ({
  type: 'replace',
  inputs: Object.entries(inputs).map(([name, generation]) => ({ key: key(name), generation })),
  outputs,
  delay: 0,
  reason: 'test',
  ...fields,
})
export const undoReplacement = (
  replacement: number,
  fields: Partial<UndoReplacementOp> = {},
): UndoReplacementOp => ({ type: 'undo', replacement, delay: 0, reason: 'test', ...fields })
export const hold = (id: string, scope: HoldScope, fields: Partial<HoldOp> = {}): HoldOp => ({
  type: 'hold',
  id,
  scope,
  owner: 'test',
  ...fields,
})
export const release = (id: string, fields: Partial<ReleaseOp> = {}): ReleaseOp => ({
  type: 'release',
  id,
  ...fields,
})

export async function read(files: Files, target: Parameters<Files['read']>[0]): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of await files.read(target)) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

export async function listed(files: Files, prefix?: string): Promise<string[]> {
  const paths: string[] = []
  for await (const { path } of files.list(prefix === undefined ? {} : { prefix })) paths.push(path)
  return paths
}

/** A memory backend of which the test replaces some calls; it gets the sound one to call itself. */
export function bentBackend(bend: (sound: Backend) => Partial<Backend>): (objects: MemoryObjects) => Plugin {
  return (objects) =>
    definePlugin({
      name: 'test-bent-backend',
      id: 'bent-backend',
      version: '1.0.0',
      api: '1.0',
      provides: ['backend'],
      setup: ({ provide, clock }) =>
        provide('backend', () => {
          const backend = memoryBackend({ objects, clock })
          // Bound first: what the test calls must not be what it replaces.
          const { write, read, stat, list } = backend
          const sound = Object.assign(Object.create(backend) as Backend, {
            write: write.bind(backend),
            read: read.bind(backend),
            stat: stat.bind(backend),
            list: list.bind(backend),
            delete: backend.delete.bind(backend),
          })
          return Object.assign(backend, bend(sound))
        }),
    })
}

/** The rows of a stopped node's manifest, as they are on the disk. */
export function storedRows(dataDir: string): RootDatabase<Buffer, Buffer> {
  return open<Buffer, Buffer>({ path: join(dataDir, 'manifest'), keyEncoding: 'binary', encoding: 'binary' })
}

/** The name of a row: the letter of its table, and a text. */
export function rowNamed(table: string, name: string): Buffer {
  return Buffer.from(table + name)
}

/** How many rows each of these tables of a stopped node has. */
export async function countRows(dataDir: string, ...tables: readonly string[]): Promise<number[]> {
  const db = storedRows(dataDir)
  const letters = [...db.getKeys()].map((row) => String.fromCharCode(row[0]!))
  await db.close()
  return tables.map((table) => letters.filter((letter) => letter === table).length)
}
