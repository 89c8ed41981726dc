import { MAX_BATCH_OPS } from '@holdfast/core'
import { expect, it } from 'vitest'
import { type Answer, gatekeeper } from '../gatekeeper.ts'
import { LAWS } from '../laws.ts'
import type { Subject } from '../subject.ts'
import { acting } from './acting.ts'
import { beforeItBegan } from './cancellation.ts'

/** What a job with chunks of the usual size does in two. */
const FILES = MAX_BATCH_OPS + 10

/** A job without a plan is cancelled where it asks the gate: nothing else of it can be seen. */
export function plainCancellation(subject: Subject, job: string): void {
  const request = subject.request(job)
  const wrong = (how: string) => subject.breaks('cancellation', `job ${job}: ${how}`)

  /** A run that is cancelled at its second question for a chunk, by what `cancel` does with the abort. */
  async function cancelled(cancel: (abort: () => void) => void) {
    const controller = new AbortController()
    const keeper = gatekeeper()
    let questions = 0
    const answer: Answer = async ({ job: asking, chunk }) => {
      // The eraser asks too.
      if (asking === job && chunk !== undefined && ++questions === 2)
        cancel(() => controller.abort(new Error('cancelled by the suite')))
      return undefined
    }
    await using whole = await subject.open({ files: FILES })
    await using opened = await subject.open({ files: FILES, beside: [keeper.plugin] })
    const all = await acting(whole.node, job, request, wrong)
    keeper.answer = answer
    const first = await acting(opened.node, job, request, wrong, { signal: controller.signal })
    const asked = questions
    keeper.answer = async () => undefined
    const second = await acting(opened.node, job, request, wrong)
    expect(
      first.done.files + second.done.files,
      wrong(
        `cancelled it counts ${first.done.files} files and the next run ${second.done.files}; undisturbed it does ${all.done.files}`,
      ),
    ).toBe(all.done.files)
    return { first, asked }
  }

  it(`[R-07] ${LAWS.cancellation}: ${job}, between two chunks`, async () => {
    const { first, asked } = await cancelled((abort) => abort())
    expect(
      first.chunks,
      wrong(`it counts ${first.chunks} chunks and asked the gate for ${asked}: ask before each`),
    ).toBeLessThanOrEqual(asked)
    // A job that does everything in one chunk cannot be cancelled between two.
    if (asked < 2) return
    expect(first.outcome, wrong('a run that was cancelled after its first chunk went on')).toMatchObject({
      status: 'aborted',
      reason: 'cancelled',
    })
    expect(first.chunks, wrong('it does not count its finished chunk')).toBe(1)
  })

  it(`[R-10] ${LAWS.cancellation}: ${job}, inside of its second chunk`, async () => {
    await cancelled((abort) => setImmediate(abort))
  })

  beforeItBegan(subject, job)
}
