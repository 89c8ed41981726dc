import type { JobDefinition } from './definition.ts'
import type { Execution } from './execution.ts'
import type { TickStatus } from './jobs.ts'
import type { JobRun } from './run.ts'
import type { RunSignal } from './run-signal.ts'
import type { Ticker } from './ticker.ts'

/** A job of the node, and how it stands. */
export interface Registered {
  readonly definition: JobDefinition<unknown>
  /** The id of the one that defined it. */
  readonly plugin: string
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
  readonly ended: Promise<void>
}
