import { cpSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HoldfastNode } from '@holdfast/core'
import { nodeOn } from '../disk/node.ts'
import { noErasing } from '../support.ts'

export const dataFile = (folder: string) => join(folder, 'data', 'manifest', 'data.mdb')

export const nodeIn = (folder: string, failpoints?: Parameters<typeof nodeOn>[2]) =>
  nodeOn(folder, { reserve: 0 }, failpoints, [noErasing()])

export type Damage = { readonly bit: number } | { readonly length: number }

const SEED = 20_261_121

/** The same damages on every run: bits, and lengths, spread over a file of this size. */
export function damagesOf(size: number, flips: number, truncations: number): Damage[] {
  let state = SEED
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return [
    ...Array.from({ length: flips }, () => ({ bit: Math.floor(random() * size * 8) })),
    // The last of them leaves nothing.
    ...Array.from({ length: truncations }, (_, at) => ({
      length: Math.floor(((random() + at) / truncations) * size * (at === truncations - 1 ? 0 : 1)),
    })),
  ]
}

/** A copy of the folder of a node with a damaged file; its times are as they were. */
export function damagedCopy(base: string, into: string, damage: Damage): void {
  rmSync(into, { recursive: true, force: true })
  cpSync(base, into, { recursive: true, preserveTimestamps: true })
  const file = dataFile(into)
  if ('length' in damage) truncateSync(file, damage.length)
  else {
    const bytes = readFileSync(file)
    const at = damage.bit >> 3
    bytes[at] = (bytes[at] as number) ^ (1 << (damage.bit & 7))
    writeFileSync(file, bytes)
  }
  utimesSync(file, 1, 1)
}

/** Everything that a reader can get of a manifest, one line a value. */
export function valuesOf(node: HoldfastNode): string[] {
  const manifest = node.service('manifest')
  return [
    `head ${JSON.stringify(manifest.head())}`,
    ...manifest.entries({ limit: 100_000 }).items.map((entry) => `entry ${JSON.stringify(entry)}`),
    ...manifest.condemned({ limit: 100_000 }).items.map((row) => `condemned ${JSON.stringify(row)}`),
    ...manifest.namespaces().items.map((row) => `namespace ${JSON.stringify(row)}`),
  ]
}
