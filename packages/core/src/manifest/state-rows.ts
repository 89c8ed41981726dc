import type { CallOptions } from '../storage/backend.ts'
import type { ManifestHead } from './manifest.ts'

/** One row of a state as it stands in its store: its name, and its value with the checksum over both. */
export interface StateRow {
  readonly name: Uint8Array
  readonly value: Uint8Array
}

/**
 * A whole state at one position, for another node: a peer's, or a snapshot's. The pages come in the order of the names
 * and can be read once.
 */
export interface StateRows extends Disposable {
  /** The log that it was made of. */
  readonly logId: string
  /** Format of the store that it was read from. */
  readonly format: number
  readonly head: ManifestHead
  /** @throws HF_STOPPED in mid-stream, when it took too long, or the manifest was closed or got another state */
  pages(options?: CallOptions): AsyncIterable<readonly StateRow[]>
}
