import { describe, expect, it } from 'vitest'
import { type Lifetime, live, loadSeal } from '../lifetime.ts'
import type { Census } from '../world.ts'

const seal = await loadSeal()

/** Lifetimes of the seeds from 1 on; by default the seed says of how many nodes. */
interface Lifetimes {
  readonly seeds: number
  readonly nodes?: number
}

/** The first of the lifetimes that breaks a promise, and how to see it again. */
async function firstBroken({ seeds, nodes }: Lifetimes, census: Census): Promise<string | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    const { violation }: Lifetime = await live(seed, seal, { census, nodes })
    const which = nodes === undefined ? '' : ` --nodes ${nodes}`
    if (violation) return `pnpm sim --seed ${seed}${which} --trace: ${violation.message}`
  }
  return undefined
}

/** A world in which nothing happens proves nothing. */
function mustHaveHappened(census: Census, ...all: string[]): void {
  for (const what of all) expect.soft(census.get(what) ?? 0, what).toBeGreaterThan(1)
}

describe('simulated lifetimes', () => {
  it('[T-02] whatever users, crashes and stores do, no promise is broken, and all comes to rest', async () => {
    const census: Census = new Map()
    expect(await firstBroken({ seeds: 400 }, census)).toBeUndefined()
    mustHaveHappened(census, 'write: done', 'replace: done', 'undo: done', 'undoReplacement: done')
    mustHaveHappened(census, 'expire: done', 'hold: done', 'write: HF_BACKEND', 'write: HF_DATADIR_TAKEN')
    mustHaveHappened(census, 'a process dies while started', 'a process dies while starting')
    mustHaveHappened(census, 'write lands late', 'delete lands late', 'delete lost', 'the gate is closed')
    mustHaveHappened(census, 'fault mount', 'fault stray', 'write: HF_STORE_MISMATCH')
  }, 240_000)

  it('[T-01] three nodes over one log converge, whatever partitions, lost answers and clocks do', async () => {
    const census: Census = new Map()
    expect(await firstBroken({ seeds: 120, nodes: 3 }, census)).toBeUndefined()
    mustHaveHappened(census, 'append lost', 'append lands late', 'follow failed', 'fault cut', 'fault clock')
    mustHaveHappened(census, 'a state is installed', 'tenure: done', 'fault resume')
    mustHaveHappened(census, 'a batch of an old epoch is rejected')
    mustHaveHappened(census, 'expire: done', 'expire: HF_GATE_DENIED', 'write: HF_LOG_GAP', 'fault outage')
  }, 240_000)

  it('[T-01] are repeated step by step by their seed, with one node and with several', async () => {
    for (const nodes of [1, 2, 3])
      for (const seed of [7, 8, 9]) {
        const [first, second]: [string[], string[]] = [[], []]
        await live(seed, seal, { nodes, print: (line) => first.push(line) })
        await live(seed, seal, { nodes, print: (line) => second.push(line) })
        expect(first.length).toBeGreaterThan(20)
        expect(second).toEqual(first)
      }
  })
})
