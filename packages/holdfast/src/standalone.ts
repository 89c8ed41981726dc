import { backendLocal } from '@holdfast/backend-local'
import type { Plugin } from '@holdfast/core'
import { type ManifestOptions, manifest } from '@holdfast/manifest'

export interface StandaloneOptions extends ManifestOptions {
  /** Folder for the files' bytes; made when it is not there. */
  readonly root: string
}

/** The parts of a node that runs alone: a manifest on LMDB and files on a local disk. */
export function standalone({ root, ...options }: StandaloneOptions): Plugin[] {
  return [backendLocal({ root }), manifest(options)]
}
