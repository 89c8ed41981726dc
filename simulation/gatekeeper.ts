import type { Denial, GateRequest } from '@holdfast/core'
import type { Life } from './life.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

const DENIED_PERCENT = 12

/** Somebody who has a say in whether nodes may act, says no now and then, and wants to be heard. */
export class Gatekeeper {
  readonly #world: World
  readonly #allowed = new Set<string>()
  isKind = false

  constructor(world: World) {
    this.#world = world
  }

  answer({ job, run, chunk }: GateRequest, life: Life): Denial | undefined {
    const { random, trace, note } = this.#world
    if (!this.isKind && random.chance(DENIED_PERCENT)) {
      note('the gate is closed')
      trace(() => `${job} of ${life.name} may not do chunk ${chunk}`)
      return { deny: 'not now', retryAfter: 1000 }
    }
    if (run !== undefined && chunk !== undefined) this.#allowed.add(run)
    return undefined
  }

  /** Files that a run has condemned are there to be seen. Its files fit into one chunk. */
  mustHaveAllowed(run: string, key: string): void {
    if (!this.#allowed.has(run))
      throw new Violation(`run ${run} has condemned ${key}, and the gate had not let it`)
  }
}
