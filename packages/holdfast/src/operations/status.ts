import type {
  ConsumerStatus,
  JobStatus,
  Manifest,
  ManifestHead,
  ManifestStatus,
  NamespaceCounters,
  QueuedErase,
  Totals,
} from '@holdfast/core'
import { answering } from './operation.ts'
import { pagesOf, serviceOf } from './services.ts'

/** Namespaces and stuck keys of a status at most. */
const SHOWN = 20

/** How a node stands. What no plugin of it provides is absent. */
export interface NodeStatus {
  readonly node: string
  readonly pid: number
  readonly plugins: readonly { readonly id: string; readonly name: string; readonly version: string }[]
  readonly manifest?: ManifestStatus & ManifestHead
  readonly files?: Files
  readonly jobs: readonly JobStatus[]
  readonly eraser?: {
    /** Files that are doomed, or due to be, and whose bytes are still there. */
    readonly backlog: number
    /** The first of those that could not be deleted. */
    readonly setAside: readonly QueuedErase[]
  }
  /** Taps that have not seen everything yet. */
  readonly behind: readonly ConsumerStatus[]
}

interface Files extends Totals {
  readonly namespaces: number
  /** The largest ones. */
  readonly largest: readonly NamespaceCounters[]
}

export const status = answering<object, NodeStatus>({}, async ({ node, signal }) => {
  const manifest = serviceOf(node, 'manifest')
  const eraser = serviceOf(node, 'eraser')
  const setAside = eraser?.queue({ limit: 1000 }).filter((queued) => queued.setAside !== undefined)
  return {
    node: node.id,
    pid: process.pid,
    plugins: node.explain().plugins.map(({ id, name, version }) => ({ id, name, version })),
    ...(manifest && { manifest: { ...manifest.status(), ...manifest.head() }, files: filesOf(manifest) }),
    jobs: await node.jobs.status({ signal }),
    ...(eraser && { eraser: { backlog: eraser.backlog(), setAside: setAside?.slice(0, SHOWN) ?? [] } }),
    behind: node.hooks.status().consumers.filter(({ state }) => state !== 'idle'),
  }
})

/** All live files, by the counters of their namespaces. */
export function filesOf(manifest: Manifest): Files {
  let [namespaces, files, bytes, rows] = [0, 0, 0, 0]
  let largest: readonly NamespaceCounters[] = []
  for (const page of pagesOf((after) => manifest.namespaces(after))) {
    namespaces += page.length
    for (const counters of page) {
      files += counters.files
      bytes += counters.bytes
      rows += counters.rows
    }
    largest = [...largest, ...page].sort((a, b) => b.bytes - a.bytes).slice(0, SHOWN)
  }
  return { files, bytes, rows, namespaces, largest }
}
