import { messageOf } from '@holdfast/core'
import { describe, expect, it } from 'vitest'

/** The groups of the suite, each about one side of a backend. */
export const BACKEND_GROUPS = [
  'round trip',
  'atomic writes',
  'exclusive writes',
  'listing',
  'deletion',
  'errors',
  'capabilities',
] as const
export type BackendGroup = (typeof BACKEND_GROUPS)[number]

/** How many cases of each group run in each variant. */
export type BackendCases = Readonly<Record<BackendGroup, number>>

/** Those of this version: stated, so that one that gets lost is missed. */
export const BACKEND_CASES: BackendCases = {
  'round trip': 6,
  'atomic writes': 10,
  'exclusive writes': 4,
  listing: 8,
  deletion: 9,
  errors: 6,
  capabilities: 5,
}

/** Declares a case, as `it` does. Its title is the law, after the id. */
export type Case = (title: string, run: () => Promise<void>) => void

/** The cases of one variant: what fails names the backend and the law; what ran is counted. */
export class Cases {
  readonly #name: string
  readonly #ran = new Map<BackendGroup, number>()

  constructor(name: string) {
    this.#name = name
  }

  group(group: BackendGroup, declare: (law: Case) => void): void {
    this.#ran.set(group, 0)
    describe(group, () =>
      declare((title, run) => {
        it(title, async () => {
          this.#ran.set(group, (this.#ran.get(group) ?? 0) + 1)
          try {
            await run()
          } catch (error) {
            throw this.#named(title, error)
          }
        })
      }),
    )
  }

  /** The last case: a suite that has run nothing must not read as one that has passed. */
  close(expected: BackendCases): void {
    it('[B-14] every group of cases has run, as many as were expected', () => {
      const ran = Object.fromEntries(this.#ran)
      for (const group of BACKEND_GROUPS) expect(ran[group], `cases of ${group}`).toBeGreaterThan(0)
      expect(ran, 'cases of each group that ran').toEqual(expected)
    })
  }

  /** The same error, so that its difference and its place stay, with the law before its message. */
  #named(title: string, error: unknown): unknown {
    const law = title.replace(/^\[[^\]]*\] /, '')
    const message = `backend ${this.#name} breaks the law "${law}": ${messageOf(error)}`
    if (!(error instanceof Error)) return new Error(message, { cause: error })
    // An error that came from the backend belongs to it; it may be frozen, or be looked at again.
    if (error.name !== 'AssertionError') return new Error(message, { cause: error })
    error.message = message
    return error
  }
}
