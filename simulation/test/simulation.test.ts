import { describe, expect, it } from 'vitest'
import { type Lifetime, live, loadSeal } from '../lifetime.ts'
import type { Census } from '../world.ts'

const SEEDS = 150
const seal = await loadSeal()

/** The first of the lifetimes that breaks a promise, and how to see it again. */
async function firstBroken(from: number, count: number, census?: Census): Promise<string | undefined> {
  for (let seed = from; seed < from + count; seed++) {
    const { violation }: Lifetime = await live(seed, seal, { census })
    if (violation) return `pnpm sim --seed ${seed} --trace: ${violation.message}`
  }
  return undefined
}

describe('simulated lifetimes', () => {
  it('[T-02] whatever users, crashes and stores do, no promise is broken, and all comes to rest', async () => {
    const census: Census = new Map()
    expect(await firstBroken(1, SEEDS, census)).toBeUndefined()
    // A world in which nothing happens proves nothing.
    for (const what of [
      'write: done',
      'replace: done',
      'undo: done',
      'undoReplacement: done',
      'expire: done',
      'hold: done',
      'write: HF_BACKEND',
      'write: HF_DATADIR_TAKEN',
      'a process dies while started',
      'a process dies while starting',
      'write lands late',
      'delete lands late',
      'delete lost',
    ])
      expect.soft(census.get(what) ?? 0, what).toBeGreaterThan(1)
  }, 120_000)

  it('[T-01] are repeated step by step by their seed', async () => {
    for (const seed of [7, 8, 9]) {
      const [first, second]: [string[], string[]] = [[], []]
      await live(seed, seal, { print: (line) => first.push(line) })
      await live(seed, seal, { print: (line) => second.push(line) })
      expect(first.length).toBeGreaterThan(50)
      expect(second).toEqual(first)
    }
  })
})
