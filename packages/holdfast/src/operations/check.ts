import { type Entry, isHoldfastError, messageOf, type Storage } from '@holdfast/core'
import { type Call, meter, operation } from './operation.ts'
import { flag, optional, text } from './request.ts'
import { pagesOf } from './services.ts'
import { filesOf } from './status.ts'

/** Files that are looked at side by side. */
const AT_ONCE = 16

export interface CheckRequest {
  /** Only files whose paths begin so, and not the manifest itself. */
  readonly prefix?: string
  /** Read every byte and compare the checksums, rather than only looking whether there is a file of this size. */
  readonly bytes?: boolean
}

/** Something that does not fit. */
export interface Finding {
  readonly problem: 'manifest' | 'missing' | 'size' | 'corrupt' | 'unreadable'
  /** Absent for the manifest itself. */
  readonly path?: string
  readonly message: string
}

export interface Checked {
  /** Files that were looked at. */
  readonly files: number
  /** Their bytes, as they are listed. */
  readonly bytes: number
  readonly findings: number
}

/**
 * Counts the manifest anew and looks for the bytes of every listed file; changes nothing. While the manifest is counted
 * the node does nothing else, which takes some seconds for a million files.
 */
const FIELDS = { prefix: optional(text), bytes: optional(flag) }

export const check = operation<CheckRequest, Finding, Checked>(FIELDS, async function* (call, request) {
  const { node, signal } = call
  const { prefix, bytes: thorough = false } = request
  const manifest = node.service('manifest')
  const storage = node.service('backend')
  const look = thorough ? readWhole : lookAt
  let [files, bytes, findings] = [0, 0, 0]
  for (const message of prefix === undefined ? manifest.check() : []) {
    findings++
    yield { problem: 'manifest', message }
  }
  const all = prefix === undefined && { total: filesOf(manifest).files }
  const tell = meter(call, { what: 'check', unit: 'files', ...all })
  for (const page of pagesOf((after) => manifest.entries({ prefix: prefix ?? '', ...after })))
    for (let at = 0; at < page.length; at += AT_ONCE) {
      signal.throwIfAborted()
      const some = page.slice(at, at + AT_ONCE)
      const found = await Promise.all(some.map((entry) => look(entry, call, storage)))
      for (const finding of found) {
        if (!finding) continue
        findings++
        yield finding
      }
      files += some.length
      for (const { size } of some) bytes += size
      tell(files)
    }
  return { files, bytes, findings }
})

type Look = (entry: Entry, call: Call, storage: Storage) => Promise<Finding | undefined>

const lookAt: Look = async (entry, call, storage) => {
  const { path, key, size } = entry
  try {
    const stored = await storage.stat(key, { signal: call.signal })
    if (stored?.size === size || !isListed(entry, call)) return undefined
    return stored
      ? { problem: 'size', path, message: `it has ${stored.size} bytes, and ${size} are listed` }
      : { problem: 'missing', path, message: `there are no bytes under ${key}` }
  } catch (error) {
    return unreadable(entry, call, error)
  }
}

const readWhole: Look = async (entry, call) => {
  try {
    // Reading compares checksum and size.
    for await (const _bytes of await call.node.files.read({ key: entry.key }, { signal: call.signal }));
    return undefined
  } catch (error) {
    return isListed(entry, call) ? unreadable(entry, call, error) : undefined
  }
}

function unreadable({ path }: Entry, { signal }: Call, error: unknown): Finding {
  signal.throwIfAborted()
  if (!isHoldfastError(error)) throw error
  const problem =
    error.code === 'HF_BYTES_MISSING'
      ? 'missing'
      : error.code === 'HF_BYTES_CORRUPT'
        ? 'corrupt'
        : 'unreadable'
  return { problem, path, message: messageOf(error) }
}

/** Files go while others are looked at. */
function isListed({ path, key }: Entry, { node }: Call): boolean {
  return node.service('manifest').entry(path)?.key === key
}
