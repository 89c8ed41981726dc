import type { Clock, FailpointRegistry, Ids, Logger, Position } from '@holdfast/core'
import type { Commits } from './commit/commits.ts'
import type { EmbeddedLog } from './commit/log.ts'
import type { RecordSource } from './consumers/batches.ts'
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
  readonly committer: Commits
  readonly records: EmbeddedLog
  /** The same records by the contract of a log. */
  readonly reader: LogReader
  /** Where taps read records. */
  readonly source: RecordSource
  /** Where the state was when it came from another node, if it ever did. */
  readonly installed: () => Position | undefined
  /** What this node may erase: all that is due, or only what is doomed already, from its own disk. */
  readonly erases: () => 'all' | 'own disk'
  /** Whether the log is one that nodes share. */
  readonly sharesLog: boolean
  /** Whether `erased` settles a key for this node's disk too. */
  readonly oneStore: boolean
  readonly truncation: Pick<Truncation, 'begin' | 'run' | 'end'>
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
