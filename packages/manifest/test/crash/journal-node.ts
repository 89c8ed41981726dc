import { join } from 'node:path'
import { backendLocal } from '@holdfast/backend-local'
import {
  createNode,
  FailpointRegistry,
  type HoldfastNode,
  type PlanItem,
  parsePath,
  totalsOf,
} from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { sweeper } from '../journal-parts.ts'
import { dataDirOf, rootOf } from './node.ts'

export const journalOf = (folder: string) => join(dataDirOf(folder), 'journal')

/** Three blocks of a plan, and three chunks of a run. */
export const ITEMS: readonly PlanItem[] = Array.from({ length: 2500 }, (_, index) => {
  const path = parsePath(`ns/${String(index).padStart(8, '0')}`)
  const key = `${path}~K` as PlanItem['key']
  return { path, key, generation: index + 1, namespace: 'ns', size: 10, reason: 'test' }
})

/** A node whose job `sweep` plans on all of `ITEMS`, and does nothing but write its plans and runs down. */
export function sweepNode(
  folder: string,
  failpoints = new FailpointRegistry(),
  onChunk: (run: string) => void = () => undefined,
): HoldfastNode {
  const plugin = sweeper(ITEMS.length, {
    async *plan() {
      yield ITEMS
    },
    async act(chunk, { run }) {
      onChunk(run)
      return { done: totalsOf(chunk), skipped: {} }
    },
  })
  return createNode({
    id: 'node-1',
    plugins: [backendLocal({ root: rootOf(folder) }), manifest({ dataDir: dataDirOf(folder) }), plugin],
    failpoints,
    log: 'error',
  })
}
