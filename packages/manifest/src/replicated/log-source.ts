import type { CallOptions, Log, Position } from '@holdfast/core'
import type { RecordSource, SourceRecord } from '../consumers/batches.ts'
import { asBuffer } from '../format/bytes.ts'
import { readRecord } from '../format/record.ts'
import type { Head } from '../state/head.ts'

/** Bytes of records that a tap reads at once. */
const PAGE_BYTES = 1024 * 1024

/** Taps of a node that shares its log read the records there; this node keeps only what became of them. */
export class LogSource implements RecordSource {
  readonly #log: Log
  readonly #head: () => Head

  constructor(log: Log, head: () => Head) {
    this.#log = log
    this.#head = head
  }

  async behind(
    position: Position,
    { limit, signal }: CallOptions & { readonly limit: number },
  ): Promise<readonly SourceRecord[]> {
    const { index: head } = this.#head()
    // What is not applied here is no event yet.
    if (position.index >= head) return []
    const limits = { maxRecords: limit, maxBytes: PAGE_BYTES }
    for await (const page of this.#log.read(position, { ...limits, ...(signal && { signal }) }))
      return page
        .filter((found) => found.position.index <= head)
        .map((found) => ({ position: found.position, record: readRecord(asBuffer(found.bytes)) }))
    return []
  }
}
