import { join } from 'node:path'
import { backendLocal } from '@holdfast/backend-local'
import { createNode, type FailpointRegistry, type HoldfastNode } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { expiry } from './expiry.ts'
import { witness } from './witness.ts'

export const rootOf = (folder: string) => join(folder, 'files')
export const witnessOf = (folder: string) => join(folder, 'witness')
export const dataDirOf = (folder: string) => join(folder, 'data')

/** The node that is killed, on real disks, below one folder. Every life of it has the same name. */
export function nodeIn(folder: string, failpoints: FailpointRegistry): HoldfastNode {
  return createNode({
    id: 'node-1',
    plugins: [
      backendLocal({ root: rootOf(folder) }),
      manifest({ dataDir: dataDirOf(folder), reserve: 0 }),
      expiry(),
      witness(witnessOf(folder)),
    ],
    failpoints,
    log: 'error',
  })
}

/** Which guarantee a crash at a failpoint is about, by the first part of its name. */
const GUARANTEES: readonly (readonly [string, string])[] = [
  ['files.write.', 'X-11'],
  ['recovery.', 'X-11'],
  ['start.', 'X-01'],
  ['owner.record.', 'B-11'],
  ['acknowledge.', 'B-11'],
  ['manifest.commit.', 'M-04'],
  ['eraser.', 'M-11'],
  ['local.delete.', 'M-11'],
  ['local.write.', 'B-02'],
  ['job.chunk.', 'R-03'],
  ['hook.cursor.', 'K-09'],
  ['mark.', 'X-09'],
]

export function guaranteeOf(failpoint: string): string {
  const id = GUARANTEES.find(([prefix]) => failpoint.startsWith(prefix))?.[1]
  if (id === undefined) throw new Error(`failpoint ${failpoint} belongs to no guarantee yet: name one here`)
  return id
}
