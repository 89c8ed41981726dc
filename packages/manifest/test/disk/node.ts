import { join } from 'node:path'
import { backendLocal } from '@holdfast/backend-local'
import {
  type Clock,
  createNode,
  FailpointRegistry,
  type HoldfastNode,
  type Plugin,
  systemClock,
} from '@holdfast/core'
import { type ManifestOptions, manifest } from '@holdfast/manifest'

export const MIB = 1024 * 1024

/** The system's clock, whose monotonic time a test can let leap: nobody has to wait for what is looked at again later. */
export class LeapingClock {
  #leapt = 0
  readonly now = systemClock.now
  readonly timer = systemClock.timer
  readonly monotonic = () => systemClock.monotonic() + this.#leapt

  leap(ms: number): void {
    this.#leapt += ms
  }
}

/** A node whose data folder and files are on one disk. */
export function nodeOn(
  folder: string,
  options: Partial<ManifestOptions> = {},
  failpoints = new FailpointRegistry(),
  plugins: readonly Plugin[] = [],
  clock: Clock = systemClock,
): HoldfastNode {
  return createNode({
    id: 'node-1',
    plugins: [
      backendLocal({ root: join(folder, 'files') }),
      manifest({ dataDir: join(folder, 'data'), ...options }),
      ...plugins,
    ],
    failpoints,
    clock,
    log: 'silent',
  })
}
