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

/** The rest of a line about memory alone that has no bound: its figures are there to be known. */
export function unbounded(n: number, peerCommand: string) {
  return { better: 'higher', bound: null, pass: true, n, fs: 'none', sync: 'none', peerCommand } as const
}

/** `size`: another one than the line is about, for a look; such a line is void. */
export type Bench = (size?: number) => Promise<BenchLine>

/** Fewer say nothing about a machine that others use too. */
const FEWEST_PAIRS = 5

/** Our side against one peer. */
export interface Compared {
  readonly ours: number
  readonly peer: number
  readonly ratio: number
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
  const [compared] = await compareRounds(pairs, n, ours, [peer])
  return compared as Compared
}

/** As `comparePairs`, against several peers that run in the same rounds: A B C C B A. */
export async function compareRounds(
  rounds: number,
  n: number,
  ours: () => Promise<Sample>,
  peers: readonly (() => Promise<Sample>)[],
): Promise<Compared[]> {
  if (rounds < FEWEST_PAIRS) throw new Error(`void: ${rounds} pairs are fewer than ${FEWEST_PAIRS}`)
  const sides = [ours, ...peers]
  const order = sides.map((_, side) => side)
  const rates: number[][] = []
  for (let round = -1; round < rounds; round++) {
    const samples: Sample[] = []
    for (const side of round % 2 === 0 ? order : order.toReversed())
      samples[side] = await (sides[side] as () => Promise<Sample>)()
    const [mine, ...theirs] = samples as [Sample, ...Sample[]]
    for (const { result } of theirs)
      if (result !== mine.result) throw new Error(`void: two sides made ${mine.result} and ${result}`)
    if (round >= 0) rates.push(samples.map(({ ms }) => (n / ms) * 1000))
  }
  const rateOf = (side: number) => rates.map((rate) => rate[side] as number)
  return peers.map((_, peer) => {
    const mine = rateOf(0)
    const theirs = rateOf(peer + 1)
    const ratios = mine.map((rate, round) => rate / (theirs[round] as number)).sort((a, b) => a - b)
    return {
      ours: Math.round(median(mine)),
      peer: Math.round(median(theirs)),
      ratio: thousandths(median(ratios)),
      range: [thousandths(ratios[0] as number), thousandths(ratios.at(-1) as number)],
      pairs: rounds,
    }
  })
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000
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
