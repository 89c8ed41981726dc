import { type CallOptions, hasCode, type Log, logDiverged, type Position } from '@holdfast/core'
import { asBuffer } from '../format/bytes.ts'
import { type Recorded, readRecord } from '../format/record.ts'
import type { Seal } from '../format/seal.ts'
import { logVersion } from '../replicated/log-errors.ts'

/** How far a reader of a log has come, and what it must find there again. */
export interface ChainPoint {
  readonly logId: string
  readonly position: Position
  /** XXH64 of the record there; 0 before the first. */
  readonly sum: bigint
}

export interface ChainedRecord {
  readonly position: Position
  readonly record: Recorded
  /** XXH64 of the record. */
  readonly sum: bigint
}

/**
 * Follows a log from where a reader has come to, and makes sure that it is the same log: its id, the reader's own
 * position, the record there if the log still holds it, and every record's digest of the one before. To be called
 * anew at start and at each reconnect.
 * @throws HF_LOG_DIVERGED for a log that went back in time, was re-created or diverged
 * @throws HF_LOG_GAP when the log no longer reaches back to the reader
 * @throws HF_LOG_VERSION at a record that a later version of this package has made
 */
export async function* followChain(
  log: Log,
  from: ChainPoint,
  seal: Seal,
  options: CallOptions = {},
): AsyncGenerator<readonly ChainedRecord[], void> {
  await mustHold(log, from, seal, options)
  let { position, sum } = from
  for await (const page of log.follow(position, options)) {
    const records: ChainedRecord[] = []
    try {
      for (const found of page) {
        const bytes = asBuffer(found.bytes)
        const record = read(bytes, found.position)
        if (found.position.index !== position.index + 1 || record.previous !== sum)
          throw logDiverged(position, { next: found.position })
        position = found.position
        sum = seal.sum(bytes)
        records.push({ position, record, sum })
      }
    } catch (error) {
      // What comes before the record that cannot be used is good.
      if (records.length > 0) yield records
      throw error
    }
    yield records
  }
}

/** @throws HF_LOG_VERSION for a record or an op that only a later version knows */
function read(bytes: Buffer, position: Position): Recorded {
  try {
    return readRecord(bytes)
  } catch (error) {
    throw hasCode(error, 'HF_FORMAT_NEWER') ? logVersion(position, error) : error
  }
}

/** The reader's own record, which two logs that parted there have with other bytes. */
async function mustHold(log: Log, from: ChainPoint, seal: Seal, options: CallOptions): Promise<void> {
  const { logId, position, sum } = from
  if (log.id !== logId) throw logDiverged(position, { logId, found: log.id })
  const { index } = position
  const before = index - 1
  const term = index > (await log.floor(options)).index ? await log.termAt(before, options) : undefined
  // At the floor there is an anchor and no bytes; `follow` judges the position, and the next record its digest.
  if (term === undefined) return
  try {
    for await (const [found] of log.read({ term, index: before }, { ...options, maxRecords: 1 })) {
      const same = found?.position.term === position.term && seal.sum(found.bytes) === sum
      if (same) return
      break
    }
  } catch (error) {
    // Truncated since its floor was asked for: whether the reader's own position is left, `follow` will say.
    if (hasCode(error, 'HF_LOG_GAP')) return
    throw error
  }
  throw logDiverged(position, { head: await log.head(options) })
}
