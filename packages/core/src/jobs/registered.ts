import type { JobDefinition } from './definition.ts'
import type { Execution } from './execution.ts'
import type { TickStatus } from './jobs.ts'
import type { JobRun } from './run.ts'
import type { RunSignal } from './run-signal.ts'
import type { Ticker } from './ticker.ts'

/** A job of the node, and how it stands. */
export interface Registered {
  /** The id of the plugin that defined it. */
  readonly plugin: string
  readonly definition: JobDefinition<unknown>
  readonly services: () => unknown
  inFlight: InFlight | undefined
  ticker: Ticker | undefined
  lastRun: JobRun | undefined
  lastTick: TickStatus | undefined
  /** What is wrong with its history. */
  problem: string | undefined
}

export interface InFlight {
  readonly id: string
  readonly execution: Execution
  readonly signal: RunSignal
  /** Resolves when nobody waits for the run any more: it has ended, or was left behind. */
  readonly ended: Promise<void>
  /** It has not ended in time after it was told to, and nobody waits for it. Its job is refused until it ends. */
  left: boolean
}
