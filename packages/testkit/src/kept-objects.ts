import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MemoryObject, MemoryObjects } from './backend-memory.ts'

/**
 * Objects of a memory backend that are also in a folder, one file each, so that they outlive a process that is killed.
 * For crash programs: it survives SIGKILL and makes no promise beyond that.
 */
export function keptObjects(folder: string): MemoryObjects {
  mkdirSync(folder, { recursive: true })
  return new MemoryObjects(new KeptMap(folder))
}

class KeptMap extends Map<string, MemoryObject> {
  readonly #folder: string

  constructor(folder: string) {
    super()
    this.#folder = folder
    for (const name of readdirSync(folder)) {
      if (name.endsWith('.tmp')) continue
      const { key, bytes, ...stored } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Kept
      super.set(key, { ...stored, bytes: Buffer.from(bytes, 'base64') })
    }
  }

  override set(key: string, object: MemoryObject): this {
    const file = this.#fileOf(key)
    const kept: Kept = { ...object, key, bytes: Buffer.from(object.bytes).toString('base64') }
    writeFileSync(`${file}.tmp`, JSON.stringify(kept))
    renameSync(`${file}.tmp`, file)
    return super.set(key, object)
  }

  override delete(key: string): boolean {
    rmSync(this.#fileOf(key), { force: true })
    return super.delete(key)
  }

  /** A key may be longer than a file name. */
  #fileOf(key: string): string {
    return join(this.#folder, createHash('sha256').update(key).digest('hex'))
  }
}

type Kept = Omit<MemoryObject, 'bytes'> & { readonly key: string; readonly bytes: string }
