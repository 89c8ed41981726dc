import type { Clock, FailpointRegistry, Ids, Logger } from '@holdfast/core'
import type { Committer } from './commit/committer.ts'
import type { EmbeddedLog } from './commit/log.ts'
import type { KeptEvents } from './consumers/kept-events.ts'
import type { EraseQueue } from './erase/queue.ts'
import type { Pending } from './files/pending.ts'
import type { Pins } from './files/pins.ts'
import type { LogReader } from './log/log-reader.ts'
import type { Truncation } from './log/truncation.ts'
import type { State } from './state/state.ts'

/** What the parts of an open manifest share. */
export interface Opened {
  readonly state: State
  readonly committer: Committer
  readonly records: EmbeddedLog
  /** The same records by the contract of a log. */
  readonly reader: LogReader
  readonly truncation: Truncation
  readonly pending: Pending
  readonly eraseQueue: EraseQueue
  readonly pins: Pins
  readonly events: KeptEvents
  readonly nodeId: string
  readonly storeId: string
  readonly clock: Clock
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  readonly log: Logger
  /** @throws HF_STORE_MISMATCH when the store has lost its identity; HF_NO_SPACE below the low-water mark */
  readonly writable: () => void
  /** @throws HF_DATADIR_TAKEN when another process has taken this data folder over */
  readonly mustOwn: () => void
}
