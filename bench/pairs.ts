import { execFileSync } from 'node:child_process'

/** One side of one pair: how long it took, and what it made, so that both sides can be compared. */
export interface Sample {
  readonly ms: number
  readonly result: string
}

/** What a benchmark prints, under its name. Where there is no other side, `peer`, `ratio` and `range` are null. */
export interface BenchLine {
  /** Median of each side: a rate per second, unless `peerCommand` says otherwise. */
  readonly ours: number
  readonly peer: number | null
  /** Median of the ratios of the pairs, ours / peer. */
  readonly ratio: number | null
  readonly range: readonly [number, number] | null
  readonly better: 'higher' | 'lower'
  /** What must be reached by the ratio, or by `ours` where there is no other side; null while there is none. */
  readonly bound: number | null
  readonly pass: boolean
  readonly n: number
  readonly fs: string
  readonly sync: string
  readonly peerCommand: string
  readonly pairs: number
}

export type Bench = () => Promise<BenchLine>

/** Fewer say nothing about a machine that others use too. */
const FEWEST_PAIRS = 5

type Compared = { readonly ours: number; readonly peer: number; readonly ratio: number } & {
  readonly range: readonly [number, number]
  readonly pairs: number
}

/**
 * Runs both sides in turn, A B B A, after one pair that is not counted, so that what drifts hits both alike.
 * @throws when a pair made different results: such a comparison means nothing
 */
export async function comparePairs(
  pairs: number,
  n: number,
  ours: () => Promise<Sample>,
  peer: () => Promise<Sample>,
): Promise<Compared> {
  if (pairs < FEWEST_PAIRS) throw new Error(`void: ${pairs} pairs are fewer than ${FEWEST_PAIRS}`)
  const rates: { ours: number; peer: number }[] = []
  for (let pair = -1; pair < pairs; pair++) {
    const first = pair % 2 === 0 ? ours : peer
    const a = await first()
    const b = await (first === ours ? peer : ours)()
    if (a.result !== b.result) throw new Error(`void: the two sides made ${a.result} and ${b.result}`)
    const [mine, theirs] = first === ours ? [a, b] : [b, a]
    if (pair >= 0) rates.push({ ours: (n / mine.ms) * 1000, peer: (n / theirs.ms) * 1000 })
  }
  const ratios = rates.map((rate) => rate.ours / rate.peer).sort((a, b) => a - b)
  const round = (value: number) => Math.round(value * 1000) / 1000
  return {
    ours: Math.round(median(rates.map((rate) => rate.ours))),
    peer: Math.round(median(rates.map((rate) => rate.peer))),
    ratio: round(median(ratios)),
    range: [round(ratios[0]!), round(ratios.at(-1)!)],
    pairs,
  }
}

/** The fields of the other side, for a benchmark of one figure that is held against a bound. */
export const alone = { peer: null, ratio: null, range: null, pairs: 0 } as const

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The file system type under a folder. */
export function fileSystemOf(folder: string): string {
  return execFileSync('stat', ['-f', '-c', '%T', folder], { encoding: 'utf8' }).trim()
}
