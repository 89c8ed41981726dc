import type { ByteReader, ByteWriter } from './bytes.ts'

/** What was seen of a key that nobody lists, when it was condemned. */
export interface Unlisted {
  readonly size?: number
  readonly version?: string
  readonly storeId: string
}

const SIZE = 1
const VERSION = 2

export function writeUnlisted(writer: ByteWriter, { size, version, storeId }: Unlisted): void {
  writer.u8((size === undefined ? 0 : SIZE) | (version === undefined ? 0 : VERSION)).text(storeId)
  if (size !== undefined) writer.varint(size)
  if (version !== undefined) writer.text(version)
}

export function readUnlisted(reader: ByteReader): Unlisted {
  const flags = reader.u8()
  return {
    storeId: reader.text(),
    ...(flags & SIZE && { size: reader.varint() }),
    ...(flags & VERSION && { version: reader.text() }),
  }
}
