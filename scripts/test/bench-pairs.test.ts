import { expect, it } from 'vitest'
import { comparePairs, type Sample } from '../../bench/pairs.ts'

/** A side that takes as long as it is told, and notes when it runs. */
function side(name: string, order: string[], ms: () => number, result = () => 'same') {
  return async (): Promise<Sample> => {
    order.push(name)
    return { ms: ms(), result: result() }
  }
}

it('runs both sides in turn, after one pair that is not counted, and gives the medians', async () => {
  const order: string[] = []
  let run = 0
  const ours = side('A', order, () => (run++ === 0 ? 1 : 20))
  const peer = side('B', order, () => 10)
  const compared = await comparePairs(5, 100, ours, peer)
  expect(order.slice(2).join('')).toBe('ABBAABBAAB')
  expect(compared).toEqual({ ours: 5000, peer: 10_000, ratio: 0.5, range: [0.5, 0.5], pairs: 5 })
})

it('is void when the sides made different results', async () => {
  let run = 0
  const ours = side('A', [], () => 1)
  const peer = side(
    'B',
    [],
    () => 1,
    () => (++run === 4 ? 'another' : 'same'),
  )
  await expect(comparePairs(5, 100, ours, peer)).rejects.toThrow('void: two sides made same and another')
})

it('is void with fewer than five pairs', async () => {
  const both = side('A', [], () => 1)
  await expect(comparePairs(4, 100, both, both)).rejects.toThrow('void: 4 pairs')
})
