import { backendLocal } from '@holdfast/backend-local'
import { createNode, type FailpointRegistry, type HoldfastNode } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { dataDirOf, rootOf, witnessOf } from './node.ts'
import { witness } from './witness.ts'

export const RECORDS = 300
export const KEPT = 10
/** Records between two truncations. */
export const EVERY = 100

/** A node whose log keeps little. */
export function truncatingNode(folder: string, failpoints: FailpointRegistry): HoldfastNode {
  return createNode({
    id: 'node-1',
    plugins: [
      backendLocal({ root: rootOf(folder) }),
      manifest({ dataDir: dataDirOf(folder), logKeep: KEPT }),
      witness(witnessOf(folder)),
    ],
    failpoints,
    log: 'error',
  })
}
