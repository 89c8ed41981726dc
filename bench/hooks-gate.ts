import { createNode, type Denial, definePlugin, type GateRequest } from '@holdfast/core'
import { type BenchLine, comparePairs, type Sample } from './pairs.ts'

const N = 200_000
const TAPS = 5
const PAIRS = 9
const BOUND = 6

/** Counts, so that both sides can be seen to have asked everybody every time. */
function makeTap(asked: { count: number }) {
  return async (_request: GateRequest): Promise<Denial | undefined> => {
    asked.count++
    return undefined
  }
}

/**
 * N questions to the gate of a node with five taps, all guards on (time limit, signal, attribution, kind of answer,
 * metric), against a loop that awaits the same five functions. Nobody is in the process but one who asks.
 */
export async function hooksGate(): Promise<BenchLine> {
  const asked = { count: 0 }
  const plugins = Array.from({ length: TAPS }, (_, index) =>
    definePlugin({
      name: `bench-${index}`,
      id: `bench-${index}`,
      version: '1.0.0',
      api: '1.0',
      setup: ({ hooks }) => hooks.gate.tap(makeTap(asked)),
    }),
  )
  await using node = await createNode({ plugins, id: 'bench-node', log: 'silent' }).start()
  const request: GateRequest = { action: 'condemn', actor: 'schedule', job: 'bench' }
  const ours = async (): Promise<Sample> => {
    asked.count = 0
    let allowed = 0
    const start = performance.now()
    for (let i = 0; i < N; i++) if ((await node.gate.check(request)).allowed) allowed++
    return { ms: performance.now() - start, result: `${allowed} allowed, ${asked.count} asked` }
  }
  const taps = Array.from({ length: TAPS }, () => makeTap(asked))
  const ask = async (): Promise<Denial | undefined> => {
    for (const tap of taps) {
      const denial = await tap(request)
      if (denial !== undefined) return denial
    }
    return undefined
  }
  const peer = async (): Promise<Sample> => {
    asked.count = 0
    let allowed = 0
    const start = performance.now()
    for (let i = 0; i < N; i++) if ((await ask()) === undefined) allowed++
    return { ms: performance.now() - start, result: `${allowed} allowed, ${asked.count} asked` }
  }
  // Rates are per second, so a cost of at most 6 times is a ratio of at least 1/6: turned round to be read as a cost.
  const { ratio, range, ...compared } = await comparePairs(PAIRS, N, ours, peer)
  const round = (value: number) => Math.round(value * 1000) / 1000
  const cost = round(1 / ratio)
  return {
    ...compared,
    ratio: cost,
    range: [round(1 / range[1]), round(1 / range[0])],
    better: 'lower',
    bound: BOUND,
    pass: cost <= BOUND,
    n: N,
    fs: 'none',
    sync: 'none',
    peerCommand: `for (const tap of taps) await tap(request), ${TAPS} taps`,
  }
}
