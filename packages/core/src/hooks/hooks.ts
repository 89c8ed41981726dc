import { AsyncParallelHook, AsyncSeriesHook } from 'tapable'
import type { Clock } from '../clock.ts'
import { Secrets } from '../config/secrets.ts'
import type { Denial, GateRequest } from '../gate/request.ts'
import type { FileTimes } from '../inspection/file-times.ts'
import type { Logger } from '../log.ts'
import type { MetricsRegistry } from '../metrics/registry.ts'
import type { DurableHook, HookEvents } from './consumers.ts'
import type { DeletedFile, InspectedFile, ManifestEvent } from './events.ts'
import { createGateHook, type GateHook } from './gate-hook.ts'
import { type GuardedHook, guardHook, type HookArguments } from './hook.ts'
import { createInspectHook, type InspectHook } from './inspect-hook.ts'
import { hookSeconds } from './metrics.ts'
import type { HookPort, HookPorts } from './ports.ts'
import { createSnapshotHook, type SnapshotHook } from './snapshot-hook.ts'
import { acceptNothing, type GuardParts, type HookRule } from './tap.ts'
import { Watchdog } from './watchdog.ts'

/** Hooks that are never called as a whole: delivery calls each tap alone. */
export type DurableHooks = { readonly [H in DurableHook]: GuardedHook<HookEvents[H], void> }

/** The five hooks of a node. */
export interface Hooks extends DurableHooks {
  readonly gate: GateHook
  readonly beforeSnapshotWrite: SnapshotHook
  readonly inspectFile: InspectHook
  /** What sees to the time limits of their taps. */
  readonly watchdog: Watchdog
  /** The hooks as one plugin sees them. */
  portsOf(plugin: string): HookPorts
  /** After the last setup: no tap can be registered any more. */
  seal(): void
}

const TIME_LIMIT_MS = 60_000

export function createHooks(
  clock: Clock,
  log: Logger,
  metrics: MetricsRegistry,
  secrets = new Secrets(),
): Hooks {
  const seal = { sealed: false }
  const watchdog = new Watchdog(clock)
  const parts: GuardParts = { clock, watchdog, seconds: hookSeconds(metrics), secrets }
  const delivered = (hook: HookRule<void>['hook']): HookRule<void> => ({
    hook,
    timeLimit: TIME_LIMIT_MS,
    accept: acceptNothing,
  })
  const gate = createGateHook(seal, parts)
  const beforeSnapshotWrite = createSnapshotHook(seal, parts, log)
  const inspectFile = createInspectHook(seal, parts)
  const onManifestBatch = guardHook<ManifestEvent, void>(
    new AsyncSeriesHook<HookArguments<ManifestEvent>, { timeLimit?: number }>(['event', 'options']),
    delivered('onManifestBatch'),
    seal,
    parts,
    { once: true },
  )
  const onFileDeleted = guardHook<DeletedFile, void>(
    new AsyncParallelHook<HookArguments<DeletedFile>, { timeLimit?: number }>(['event', 'options']),
    delivered('onFileDeleted'),
    seal,
    parts,
    { once: true },
  )
  return Object.freeze({
    gate,
    onManifestBatch,
    onFileDeleted,
    beforeSnapshotWrite,
    inspectFile,
    watchdog,
    portsOf: (plugin: string) =>
      Object.freeze({
        // The gate names a denial's plugin itself; a tap only denies.
        gate: gate.port(plugin) as HookPort<GateRequest, Denial | undefined>,
        onManifestBatch: onManifestBatch.port(plugin),
        onFileDeleted: onFileDeleted.port(plugin),
        beforeSnapshotWrite: beforeSnapshotWrite.port(plugin),
        // The hook names who answered; a tap gives times only.
        inspectFile: inspectFile.port(plugin) as unknown as HookPort<InspectedFile, FileTimes | undefined>,
      }),
    seal: () => {
      seal.sealed = true
    },
  })
}
