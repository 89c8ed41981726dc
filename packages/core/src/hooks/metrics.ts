import type { LabelsOf } from '../metrics/catalogue.ts'
import type { Histogram, MetricsRegistry } from '../metrics/registry.ts'

export type HookSeconds = Histogram<LabelsOf<'holdfast_hook_seconds'>>

/** Seconds: most taps answer at once, and the longest has a minute. */
const BUCKETS = [0.0001, 0.001, 0.01, 0.1, 1, 10, 60]

/** Takes the duration of every tap's call, when it has ended or its time limit has passed, once each. */
export function hookSeconds(metrics: MetricsRegistry): HookSeconds {
  return metrics.histogram('holdfast_hook_seconds', "How long calls of plugins' taps take.", BUCKETS)
}
