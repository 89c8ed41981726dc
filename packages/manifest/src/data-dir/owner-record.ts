import type { Position, StoreRecords } from '@holdfast/core'
import { decodeControl, encodeControl } from './control-file.ts'

const RECORD = 'owner.json'

/** Who owns a store, and how far its manifest had come when that was written down. */
export interface OwnerRecord {
  readonly storeId: string
  readonly logId: string
  readonly nodeId: string
  /** The life of the manifest that wrote this. */
  readonly incarnation: string
  readonly position: Position
  /** Time of the record at that position, ms since 1970 UTC. */
  readonly time: number
}

export type FoundOwner =
  | { readonly state: 'read'; readonly record: OwnerRecord }
  | { readonly state: 'newer'; readonly format: number }
  | { readonly state: 'absent' }
  | { readonly state: 'damaged' }

export async function readOwner(
  records: Pick<StoreRecords, 'read'>,
  signal?: AbortSignal,
): Promise<FoundOwner> {
  const bytes = await records.read(RECORD, signal ? { signal } : {})
  if (!bytes) return { state: 'absent' }
  const control = decodeControl(bytes)
  if (control.state !== 'read') return control
  const record = control.fields as unknown as OwnerRecord
  const { storeId, logId, nodeId, incarnation, position } = record
  const isRecord =
    [storeId, logId, nodeId, incarnation].every((field) => typeof field === 'string') &&
    Number.isSafeInteger(position?.index)
  return isRecord ? { state: 'read', record } : { state: 'damaged' }
}

export async function writeOwner(records: StoreRecords, record: OwnerRecord): Promise<void> {
  await records.write(RECORD, encodeControl(record))
}
