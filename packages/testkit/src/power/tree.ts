import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface File {
  readonly kind: 'file'
  /** What processes see. */
  bytes: Buffer
  /** What a power loss leaves. */
  durable: Buffer
}
export interface Folder {
  readonly kind: 'folder'
  readonly names: Map<string, Inode>
  durable: Map<string, Inode>
}
export type Inode = File | Folder

/** A folder that is there, durable as it is. */
export function readTree(path: string): Folder {
  const names = new Map<string, Inode>()
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name)
    if (entry.isDirectory()) names.set(entry.name, readTree(child))
    else {
      const bytes = readFileSync(child)
      names.set(entry.name, { kind: 'file', bytes, durable: bytes })
    }
  }
  return { kind: 'folder', names, durable: new Map(names) }
}

/** The same once more; contents are never changed in place. */
export function copyTree({ names }: Folder): Folder {
  const copy = [...names].map(([name, inode]): [string, Inode] => [
    name,
    inode.kind === 'folder' ? copyTree(inode) : { ...inode },
  ])
  return { kind: 'folder', names: new Map(copy), durable: new Map(copy) }
}

/** Writes what a power loss would leave. */
export function writeDurable(tree: Folder, path: string): void {
  mkdirSync(path, { recursive: true })
  for (const [name, inode] of tree.durable)
    if (inode.kind === 'folder') writeDurable(inode, join(path, name))
    else writeFileSync(join(path, name), inode.durable)
}

/** Takes what is there now; what it gives makes that durable. */
export function durably(inode: Inode): () => void {
  if (inode.kind === 'folder') {
    const names = new Map(inode.names)
    return () => {
      // What was taken away in between may be gone.
      inode.durable = new Map([...names].filter(([name]) => inode.names.has(name)))
    }
  }
  const { bytes } = inode
  return () => {
    inode.durable = bytes
  }
}

/** A new buffer: the old one may be what a sync makes durable. */
export function patched(bytes: Buffer, change: Buffer, at: number): Buffer {
  const next = resized(bytes, Math.max(bytes.length, at + change.length))
  change.copy(next, at)
  return next
}

export function resized(bytes: Buffer, length: number): Buffer {
  const next = Buffer.alloc(length)
  bytes.copy(next)
  return next
}
