import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import type { ConfigEntry } from '../config/configuration.ts'
import type { Environment } from '../config/section.ts'
import type { FailpointRegistry } from '../failpoints.ts'
import type { ClockWatchOptions } from '../gate/clock-watch.ts'
import type { Gate } from '../gate/gate.ts'
import type { NodeHooks } from '../hooks/status.ts'
import type { Ids } from '../ids.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Layout } from '../layout.ts'
import type { Logger, LogLevel } from '../log.ts'
import type { Eraser } from '../manifest/eraser.ts'
import type { Files } from '../manifest/files.ts'
import type { MetricsRegistry } from '../metrics/registry.ts'
import type { StoreRate } from '../storage/layers/rate.ts'
import type { NodeExplanation } from './explain.ts'
import { Kernel } from './kernel.ts'
import type { Plugin } from './plugin.ts'
import type { ServiceName, Services } from './services.ts'

export interface NodeOptions {
  readonly plugins: readonly Plugin[]
  /** Names this node among others. Default: the manifest makes one and keeps it in its data folder. */
  readonly id?: string
  /** How paths carry namespace and time. Default: {@link hourlyLayout}. */
  readonly layout?: Layout
  readonly clock?: Clock
  /** Where its ids come from. Default: ULIDs of its clock's time and of chance; a simulation gives its own. */
  readonly ids?: Ids
  /** When the clock is believed; while it is not, nothing destructive is allowed (clock_suspect). */
  readonly clockWatch?: ClockWatchOptions
  /** A logger, or the level of the node's own, which writes JSON lines to standard error. Default `warn`. */
  readonly log?: Logger | LogLevel
  /** Where the node's own logger writes its JSON lines. Default: standard error. */
  readonly logTo?: { write(line: string): void }
  readonly failpoints?: FailpointRegistry
  /** `off`: jobs run when they are asked to, and no schedule ticks. For a node that is there for one errand. */
  readonly schedules?: 'off'
  /** How long each service and each `onStart` function may take to start. Default 10m, at most 1d. */
  readonly startDeadline?: number | string
  /** How long `stop` waits for running jobs, and for taps, before it gives them up. Default 30s, at most 1d. */
  readonly stopDeadline?: number | string
  /**
   * How long each service and each `onStop` function may take to close, and a run to end after it was told to.
   * Default 1m, at most 1d.
   */
  readonly closeDeadline?: number | string
  /** How long a call of the store may take in which nothing moves. Default 1m, at least 100ms, at most 1d. */
  readonly storeTimeout?: number | string
  /** How often a call of the store is tried again after a retryable error. Default 3, at most 100; 0: not at all. */
  readonly storeRetries?: number
  /** Requests to the store in a second: `adaptive` (the default), a bound beside that, or `off`: nobody ever waits. */
  readonly storeRate?: StoreRate
  /**
   * What a config file says: settings by knob, by plugin id; those of the node itself under `node`. Options in code
   * and the environment (HOLDFAST_<ID>_<KNOB>) beat it.
   */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Default: `process.env`. */
  readonly env?: Environment
}

/** A storage node. */
export interface HoldfastNode extends AsyncDisposable {
  /** @throws HF_NOT_STARTED before the start, when the id was not given */
  readonly id: string
  readonly files: Files
  readonly eraser: Eraser
  /** There in every state, for `status()`; what it does needs a started node. */
  readonly jobs: Jobs
  readonly audit: Pick<Audit, 'on'>
  readonly metrics: Pick<MetricsRegistry, 'snapshot'>
  readonly gate: Gate
  readonly hooks: NodeHooks
  /** A service by its name. @throws HF_NOT_STARTED, HF_SERVICE_MISSING */
  service<S extends ServiceName>(name: S): Services[S]
  /** The plugins in the order of their loading, with their jobs, taps and times; `String()` makes a text of it. */
  explain(): NodeExplanation
  /** Every setting of the node and its plugins: its value and where it came from. Secrets are masked. */
  explainConfig(): readonly ConfigEntry[]
  /** The operator's word that the clock is right, which ends a clock_suspect. */
  trustClock(): void
  /** Opens everything in the order of needs and resolves with this node. What fails closes what was opened. */
  start(): Promise<HoldfastNode>
  /**
   * Waits for running jobs, then closes everything in reverse.
   * @throws HF_PLUGIN_FAILED, HF_PLUGIN_HUNG, HF_STOP_FAILED: everything else is closed
   */
  stop(): Promise<void>
}

/**
 * Assembles a node. Synchronous, and opens nothing.
 * @throws HF_ASSEMBLY_INVALID with every problem of the plugins and their options
 */
export function createNode(options: NodeOptions): HoldfastNode {
  return new Kernel(options)
}
