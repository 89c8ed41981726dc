import type { CounterName, GaugeName, HistogramName, LabelsOf } from './catalogue.ts'

type Labels = Readonly<Record<string, string>>

/** One metric at one moment. Serves Prometheus's text format, or a test, without knowing either. */
export interface MetricSnapshot {
  readonly name: string
  readonly help: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly series: readonly MetricSeries[]
}

export interface MetricSeries {
  readonly labels: Labels
  /** Of a histogram: the sum of what was observed. */
  readonly value: number
  /** Of a histogram: how many observations, in all and up to each bound (cumulative). */
  readonly count?: number
  readonly buckets?: readonly { readonly le: number; readonly count: number }[]
}

/** Counts what only grows. */
export interface Counter<L> {
  add(labels: L, by?: number): void
}

/** Tells what goes up and down. */
export interface Gauge<L> {
  set(labels: L, value: number): void
}

/** Sorts measurements into buckets. */
export interface Histogram<L> {
  observe(labels: L, value: number): void
  /** The same for fixed labels, for what is measured often. */
  of(labels: L): { observe(value: number): void }
}

/** Seconds, from quick calls to long runs. */
const BUCKETS = [0.01, 0.1, 1, 10, 60, 600, 3600, 14_400, 86_400]

interface Series {
  readonly labels: Labels
  value: number
  readonly counts: number[]
}

interface Instrument {
  readonly name: string
  readonly help: string
  readonly kind: MetricSnapshot['kind']
  readonly bounds: readonly number[]
  readonly series: Map<string, Series>
}

/** The numbers of one node. Asking twice for a metric gives the same one. */
export class MetricsRegistry {
  readonly #instruments = new Map<string, Instrument>()

  counter<N extends CounterName>(name: N, help: string): Counter<LabelsOf<N>> {
    const instrument = this.#instrument(name, help, 'counter')
    return {
      add: (labels, by = 1) => {
        if (!(by >= 0)) throw new TypeError(`counter ${name} only grows; it was given ${by}`)
        seriesOf(instrument, labels).value += by
      },
    }
  }

  gauge<N extends GaugeName>(name: N, help: string): Gauge<LabelsOf<N>> {
    const instrument = this.#instrument(name, help, 'gauge')
    return {
      set: (labels, value) => {
        seriesOf(instrument, labels).value = value
      },
    }
  }

  /** `bounds`: upper ends of the buckets, growing; default for seconds, from 10 ms to a day. */
  histogram<N extends HistogramName>(
    name: N,
    help: string,
    bounds: readonly number[] = BUCKETS,
  ): Histogram<LabelsOf<N>> {
    const instrument = this.#instrument(name, help, 'histogram', bounds)
    return {
      observe: (labels, value) => count(instrument, seriesOf(instrument, labels), value),
      of: (labels) => {
        let series: Series | undefined
        return {
          observe: (value) => {
            series ??= seriesOf(instrument, labels)
            count(instrument, series, value)
          },
        }
      },
    }
  }

  /** Every metric that was asked for, by name, with its values of now. */
  snapshot(): readonly MetricSnapshot[] {
    return [...this.#instruments.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, help, kind, bounds, series }) => ({
        name,
        help,
        kind,
        series: [...series.values()].map(({ labels, value, counts }) =>
          kind === 'histogram' ? { labels, value, ...cumulative(bounds, counts) } : { labels, value },
        ),
      }))
  }

  #instrument(
    name: string,
    help: string,
    kind: MetricSnapshot['kind'],
    bounds: readonly number[] = [],
  ): Instrument {
    const known = this.#instruments.get(name)
    if (known && known.kind !== kind) throw new TypeError(`metric ${name} is a ${known.kind}, not a ${kind}`)
    const instrument = known ?? { name, help, kind, bounds, series: new Map() }
    this.#instruments.set(name, instrument)
    return instrument
  }
}

function seriesOf({ series, bounds }: Instrument, labels: Labels): Series {
  const names = Object.keys(labels).sort()
  const key = JSON.stringify(names.map((name) => [name, labels[name]]))
  const known = series.get(key)
  if (known) return known
  const made = { labels: { ...labels }, value: 0, counts: bounds.map(() => 0) }
  series.set(key, made)
  return made
}

function count({ bounds }: Instrument, series: Series, value: number): void {
  let at = 0
  while (at < bounds.length && value > (bounds[at] as number)) at++
  series.counts[at] = (series.counts[at] ?? 0) + 1
  series.value += value
}

function cumulative(bounds: readonly number[], counts: readonly number[]) {
  let count = 0
  const buckets = bounds.map((le, at) => {
    count += counts[at] ?? 0
    return { le, count }
  })
  return { count: count + (counts[bounds.length] ?? 0), buckets }
}
