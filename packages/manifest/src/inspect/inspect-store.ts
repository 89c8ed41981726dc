import { messageOf, type StoreRecords } from '@holdfast/core'
import { decodeControl } from '../data-dir/control-file.ts'
import { knows, withLife } from '../data-dir/lives.ts'
import { readOwner } from '../data-dir/owner-record.ts'
import { STORE_RECORD } from '../data-dir/store-identity.ts'
import type { ManifestFacts, OwnRows } from './facts.ts'

/** What a store says about itself, and whether that fits a manifest. */
export interface StoreFacts {
  /**
   * `own`: it is the manifest's store. `foreign`: it belongs to another one. `none`: it is nobody's, and would become
   * this manifest's. `lost`: it has carried the manifest's identity, and does not any more.
   */
  readonly identity: StoreRecord<'own' | 'foreign' | 'none' | 'lost'>
  /**
   * `own`: the next start may go on. `none`: nobody has owned it yet. `lost`: it was there. `behind`: its writer had
   * records that this manifest has not seen. Absent where it is not kept, or cannot be judged.
   */
  readonly owner?: StoreRecord<'own' | 'none' | 'lost' | 'behind'>
}

export type StoreRecord<State extends string> =
  | { readonly state: State; readonly says?: string }
  | { readonly state: 'damaged' }
  | { readonly state: 'newer'; readonly format: number }
  | { readonly state: 'unreadable'; readonly problem: string }

/** Judges as the next start of the manifest would; without a manifest: as that of a new one. */
export async function inspectStore(
  records: Pick<StoreRecords, 'read'>,
  manifest: (ManifestFacts & { readonly own: OwnRows }) | undefined,
): Promise<StoreFacts> {
  const identity = await attempted(() => identityOf(records, manifest))
  if (!manifest || manifest.own.shared || manifest.own.lives.length === 0) return { identity }
  const { own, position, storeId } = manifest
  const owner = await attempted(async (): Promise<StoreFacts['owner'] & object> => {
    const found = await readOwner(records)
    if (found.state === 'absent')
      return { state: own.lives.some(({ state }) => state === 'recorded') ? 'lost' : 'none' }
    if (found.state !== 'read') return found
    const { record } = found
    const claim = { life: record.incarnation, index: record.position.index }
    const isOurs = record.storeId === storeId && record.logId === own.logId
    if (isOurs && knows(withLife(own.lives, '', position.index), claim)) return { state: 'own' }
    return {
      state: 'behind',
      says: `it was last owned by ${record.nodeId} at record ${claim.index}, and the manifest is at record ${position.index}`,
    }
  })
  return { identity, owner }
}

async function identityOf(
  records: Pick<StoreRecords, 'read'>,
  manifest: (ManifestFacts & { readonly own: OwnRows }) | undefined,
): Promise<StoreFacts['identity']> {
  const bytes = await records.read(STORE_RECORD)
  if (!bytes) return { state: manifest?.own.settled ? 'lost' : 'none' }
  const control = decodeControl(bytes)
  if (control.state !== 'read') return control
  const { storeId } = control.fields
  if (typeof storeId !== 'string') return { state: 'damaged' }
  return storeId === manifest?.storeId ? { state: 'own' } : { state: 'foreign', says: storeId }
}

async function attempted<T>(
  read: () => Promise<T>,
): Promise<T | { readonly state: 'unreadable'; readonly problem: string }> {
  try {
    return await read()
  } catch (error) {
    return { state: 'unreadable', problem: messageOf(error) }
  }
}
