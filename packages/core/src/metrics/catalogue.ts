/**
 * The metrics of a node by name, with their kind and labels. A package adds its own:
 * `declare module '@holdfast/core' { interface Metrics { acme_uploads_total: { kind: 'counter'; labels: 'bucket' } } }`.
 * Names and units follow Prometheus: `_total` for counters, base units (seconds, bytes).
 */
export interface Metrics {
  /** Runs that ended, by how: `completed`, or the reason of the abort. */
  holdfast_job_runs_total: { kind: 'counter'; labels: 'job' | 'mode' | 'outcome' }
  holdfast_job_run_seconds: { kind: 'histogram'; labels: 'job' | 'mode' }
  holdfast_job_files_total: { kind: 'counter'; labels: 'job' }
  holdfast_job_bytes_total: { kind: 'counter'; labels: 'job' }
  /** Files of a plan that a run left, by why. */
  holdfast_job_skipped_total: { kind: 'counter'; labels: 'job' | 'reason' }
  /** Ticks of the schedule: `ran`, `denied`, `skipped`. */
  holdfast_job_ticks_total: { kind: 'counter'; labels: 'job' | 'result' }
  /** Calls of a tap, by how they ended: `ok` or `failed`. A denial is no failure. */
  holdfast_hook_seconds: { kind: 'histogram'; labels: 'hook' | 'plugin' | 'result' }
  /** Calls of the store as their callers see them, by how they ended: `ok`, the kind of the error, or `source`. */
  holdfast_backend_seconds: { kind: 'histogram'; labels: 'call' | 'result' }
  holdfast_backend_bytes_total: { kind: 'counter'; labels: 'call' }
  holdfast_backend_retries_total: { kind: 'counter'; labels: 'call' }
  /** 1 while a run of the job is in flight. */
  holdfast_job_running: { kind: 'gauge'; labels: 'job' }
}

type MetricOf<K extends 'counter' | 'gauge' | 'histogram'> = {
  [N in keyof Metrics]: Metrics[N] extends { kind: K } ? N : never
}[keyof Metrics]
export type CounterName = MetricOf<'counter'>
export type GaugeName = MetricOf<'gauge'>
export type HistogramName = MetricOf<'histogram'>

/** A value for each label of a metric. */
export type LabelsOf<N extends keyof Metrics> = {
  readonly [L in Metrics[N] extends { labels: infer S extends string } ? S : never]: string
}
