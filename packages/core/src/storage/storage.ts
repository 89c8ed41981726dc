import type { Service } from '../kernel/service.ts'
import type { Backend, CallOptions } from './backend.ts'

/** Small records that a store carries about itself, under `.holdfast/`, apart from all files. */
export interface StoreRecords {
  read(name: string, options?: CallOptions): Promise<Uint8Array | undefined>
  /** Replaces atomically; with `ifAbsent` it gives false, and writes nothing, when the record is there. */
  write(
    name: string,
    bytes: Uint8Array,
    options?: CallOptions & { readonly ifAbsent?: boolean },
  ): Promise<boolean>
}

/**
 * The `backend` service as plugins get it: everything except `delete`. Bytes go only through the manifest's queue,
 * which its eraser empties.
 */
export interface Storage extends Omit<Backend, 'delete' | keyof Service> {
  readonly records: StoreRecords
}
