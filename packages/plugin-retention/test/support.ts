import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createNode,
  FailpointRegistry,
  type HoldfastNode,
  type Logger,
  type Manifest,
  type Plugin,
  parsePath,
} from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { type PolicyOptions, type RetentionOptions, retention } from '@holdfast/plugin-retention'
import { backendMemory, FakeClock, MemoryObjects } from '@holdfast/testkit'
import { onTestFinished } from 'vitest'

export const DAY = 86_400_000
/** When tests take place; files of tests were made long before. */
export const NOW = Date.UTC(2026, 5, 1)

export const RAW: PolicyOptions = { id: 'raw', match: '**', maxAge: '90d', minAge: 0 }

export interface TestNode {
  readonly node: HoldfastNode
  readonly manifest: Manifest
  readonly clock: FakeClock
  readonly failpoints: FailpointRegistry
  readonly objects: MemoryObjects
  /** Writes a small file whose newest row has this time. */
  write(
    path: string,
    maxTime?: number,
    options?: { readonly namespace?: string; readonly rows?: number },
  ): Promise<string>
  /** Paths that are still listed. */
  listed(): string[]
  /** Keys in the store, without its own records. */
  stored(): string[]
  /** Stops the node, and starts another over the same folder, store and clock. */
  restart(options?: RetentionOptions): Promise<TestNode>
}

interface Place {
  readonly dataDir: string
  readonly clock: FakeClock
  readonly objects: MemoryObjects
  /** What the store goes through, for faults. */
  readonly store?: (backend: Plugin) => Plugin
  readonly log?: Logger
}

/** A log that keeps the facts of its warnings. */
export function keptWarnings(): { readonly log: Logger; readonly warnings: object[] } {
  const warnings: object[] = []
  const ignored = () => undefined
  const log: Logger = {
    debug: ignored,
    info: ignored,
    warn: (facts) => void warnings.push(facts),
    error: ignored,
    child: () => log,
  }
  return { log, warnings }
}

/** Where a node of a test lives. */
export function newPlace(): Place {
  return {
    dataDir: mkdtempSync(join(tmpdir(), 'holdfast-')),
    clock: new FakeClock(NOW),
    objects: new MemoryObjects(),
  }
}

/** A node with retention over memory. */
export async function testNode(
  options: RetentionOptions = {},
  plugins: readonly Plugin[] = [],
  place: Place = newPlace(),
): Promise<TestNode> {
  const { dataDir, clock, objects, store = (backend) => backend, log = 'silent' } = place
  const failpoints = new FailpointRegistry()
  const node = createNode({
    plugins: [
      store(backendMemory({ objects })),
      manifest({ dataDir }),
      retention({ policies: [RAW], eraseDelay: 0, ...options }),
      ...plugins,
    ],
    id: 'node-1',
    clock,
    failpoints,
    log,
    // A clock that stands still ends no wait.
    storeRetries: 0,
    storeRate: 'off',
  })
  onTestFinished(async () => {
    await node.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  await node.start()
  const authority = node.service('manifest')
  return {
    node,
    manifest: authority,
    clock,
    failpoints,
    objects,
    async write(path, maxTime, more = {}) {
      return (
        await node.files.write(path, path, {
          ...(maxTime !== undefined && { minTime: maxTime, maxTime }),
          ...more,
        })
      ).key
    },
    listed: () => authority.entries().items.map(({ path }) => path),
    async restart(changed = {}) {
      await node.stop()
      return testNode({ ...options, ...changed }, plugins, place)
    },
    stored: () => [...objects.byKey.keys()].filter((key) => !key.startsWith('.holdfast')).sort(),
  }
}

/** Lists `count` files without bytes, in batches: for tests that look at numbers only. */
export async function register(
  test: TestNode,
  count: number,
  maxTime: number,
  folder = 'bulk',
): Promise<void> {
  for (let start = 0; start < count; start += 1000)
    await test.manifest.commit({
      ops: Array.from({ length: Math.min(1000, count - start) }, (_, index) => {
        const path = parsePath(`${folder}/${String(start + index).padStart(6, '0')}`)
        const key = path as string as ReturnType<Manifest['entries']>['items'][number]['key']
        const checksum = 'sha256:00'
        const fixed = {
          createdAt: 1,
          origin: 'node-1',
          storeId: test.manifest.storeId,
          namespace: folder,
          checksum,
        }
        return { type: 'register', entry: { ...fixed, path, key, size: 10, rows: 2, maxTime } }
      }),
    })
}
