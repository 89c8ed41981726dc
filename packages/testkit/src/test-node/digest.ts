import { createHash } from 'node:crypto'
import { type HoldfastNode, mintedPath, RESERVED_FOLDER, type StorageKey } from '@holdfast/core'
import type { MemoryObjects } from '../backend-memory.ts'
import { serviceIn } from './service-in.ts'

/** A fingerprint of what a node holds: its manifest and the objects of its store, without the store's own records. */
export interface TestDigest {
  /** Changes with any change at all. Compares two moments of one node. */
  readonly state: string
  /** Over what users see: paths, sizes, checksums, namespaces, times. Compares two nodes that did the same. */
  readonly content: string
}

/** A node without a manifest has the digest of its objects. */
export async function digestOf(node: HoldfastNode, objects?: MemoryObjects): Promise<TestDigest> {
  const manifest = serviceIn(node, 'manifest')
  const checksums = objects ? inMemory(objects) : await inStore(node)
  const rows = [...checksums].filter(([key]) => !key.startsWith(`${RESERVED_FOLDER}/`))
  // A minted key has a random part, so that only its path can be compared between two nodes.
  const byPath = rows.map(([key, checksum]) => [mintedPath(key as StorageKey) ?? key, checksum] as const)
  return {
    state: `${manifest?.head().digest ?? 'none'}:${hashOf(rows)}`,
    content: `${manifest?.contentDigest() ?? 'none'}:${hashOf(byPath)}`,
  }
}

function inMemory({ byKey }: MemoryObjects): Map<string, string> {
  return new Map([...byKey].map(([key, { checksum }]) => [key, checksum]))
}

async function inStore(node: HoldfastNode): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const storage = serviceIn(node, 'backend')
  if (!storage) return found
  for await (const { keys } of storage.list())
    for (const key of keys) {
      const hash = createHash('sha256')
      for await (const part of await storage.read(key)) hash.update(part)
      found.set(key, hash.digest('hex'))
    }
  return found
}

function hashOf(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([name, checksum]) => `${name}\0${checksum}\n`).sort()
  return createHash('sha256').update(lines.join('')).digest('hex')
}
