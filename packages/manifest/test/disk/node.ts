import { join } from 'node:path'
import { backendLocal } from '@holdfast/backend-local'
import { createNode, FailpointRegistry, type HoldfastNode, type Plugin } from '@holdfast/core'
import { type ManifestOptions, manifest } from '@holdfast/manifest'

export const MIB = 1024 * 1024

/** A node whose data folder and files are on one disk. */
export function nodeOn(
  folder: string,
  options: Partial<ManifestOptions> = {},
  failpoints = new FailpointRegistry(),
  plugins: readonly Plugin[] = [],
): HoldfastNode {
  return createNode({
    id: 'node-1',
    plugins: [
      backendLocal({ root: join(folder, 'files') }),
      manifest({ dataDir: join(folder, 'data'), ...options }),
      ...plugins,
    ],
    failpoints,
    log: 'silent',
  })
}
