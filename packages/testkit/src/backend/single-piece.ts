import { setImmediate } from 'node:timers/promises'
import { type Backend, isHoldfastError } from '@holdfast/core'
import { expect } from 'vitest'
import { noise, readAll, reopened } from './calls.ts'
import { afterTurns, resultUnlessAborted, TURNS } from './cancelled-call.ts'
import type { Case } from './cases.ts'
import type { SuiteContext } from './describe-backend.ts'

/** Large enough that no store takes it in one step of its client, small enough to be looked at often. */
const BYTES = 2 * 1024 * 1024
const ROUNDS = 4

/** What may be under a key: undefined for nothing. */
type Content = Buffer | undefined

/** A source that is one piece gives the suite no turn in its midst: others look while it is written. */
export function singlePieces({ open }: SuiteContext, law: Case): void {
  law(
    '[B-02] nobody sees a part of a single piece while it is written, where nothing was or over old bytes',
    async () => {
      const { backend } = await open()
      const [first, second] = [noise(BYTES, 1), noise(BYTES + 1, 2)]
      for (let round = 0; round < ROUNDS; round++) {
        const key = `folder/${round}`
        await expectWholeWhile(backend.write(key, first), backend, key, [undefined, first])
        await expectWhole(backend, key, [first])
        await expectWholeWhile(backend.write(key, second), backend, key, [first, second])
        await expectWhole(backend, key, [second])
      }
    },
  )

  law(
    '[B-02] a single piece whose write is cancelled on its way is there as a whole, or not at all',
    async () => {
      const subject = await open()
      const { backend } = subject
      const [old, young] = [noise(BYTES, 1), noise(BYTES + 1, 2)]
      for (const turns of TURNS) {
        const places = [
          [`new/${turns}`, undefined],
          [`old/${turns}`, old],
        ] as const
        await backend.write(`old/${turns}`, old)
        for (const [key, before] of places) {
          const { signal } = afterTurns(turns)
          await expectWholeWhile(resultUnlessAborted(backend.write(key, young, { signal })), backend, key, [
            before,
            young,
          ])
          await expectWhole(backend, key, [before, young])
        }
      }
      const again = await reopened(subject)
      for (const turns of TURNS) {
        await expectWhole(again, `new/${turns}`, [undefined, young])
        await expectWhole(again, `old/${turns}`, [old, young])
      }
    },
  )
}

/** Looks at a key, again and again, until a call has ended, and at least once. */
async function expectWholeWhile(
  call: Promise<unknown>,
  backend: Backend,
  key: string,
  contents: readonly Content[],
): Promise<void> {
  let pending = true
  const ended = call.finally(() => {
    pending = false
  })
  // It is awaited below: until then its failure is no unhandled one.
  ended.catch(() => undefined)
  do {
    await expectWhole(backend, key, contents)
    // A look need not wait for anything: the writer gets its turn.
    await setImmediate()
  } while (pending)
  await ended
}

/** Expects that a key shows one of these, and no part or mixture of them. */
async function expectWhole(backend: Backend, key: string, contents: readonly Content[]): Promise<void> {
  const sizes = contents.map((content) => content?.length)
  expect(sizes, `sizes that ${key} may have`).toContain((await backend.stat(key))?.size)
  const seen = await readUnlessMissing(backend, key)
  const known = contents.some((content) => (seen === undefined ? !content : content?.equals(seen)))
  expect(known, `${key} was read with ${seen?.length ?? 'no'} bytes that were never written to it`).toBe(true)
}

async function readUnlessMissing(backend: Backend, key: string): Promise<Content> {
  try {
    return await readAll(backend, key)
  } catch (error) {
    if (isHoldfastError(error) && error.kind === 'not_found') return undefined
    throw error
  }
}
