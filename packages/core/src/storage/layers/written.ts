import { createHash } from 'node:crypto'
import type { Backend, CallOptions, Written } from '../backend.ts'

/** What `write` would have said, when exactly these bytes lie under the key; undefined when others do. */
export async function isWritten(
  backend: Backend,
  key: string,
  bytes: Uint8Array,
  { signal }: CallOptions = {},
): Promise<Written | undefined> {
  const options = signal ? { signal } : {}
  const found = await backend.stat(key, options)
  if (found?.size !== bytes.length) return undefined
  const [wanted, there] = [createHash('sha256').update(bytes), createHash('sha256')]
  for await (const piece of await backend.read(key, options)) there.update(piece)
  const [checksum, other] = [wanted.digest('hex'), there.digest('hex')]
  return checksum === other ? { ...found, checksum: `sha256:${checksum}` } : undefined
}
