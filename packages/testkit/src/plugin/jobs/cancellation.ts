import { type FailpointName, MAX_BATCH_OPS, Rendezvous } from '@holdfast/core'
import { expect, it } from 'vitest'
import { LAWS } from '../laws.ts'
import type { Opened, Subject } from '../subject.ts'
import { acting } from './acting.ts'

/** A chunk and a little more: the smallest run that can be cancelled between two chunks. */
const FILES = MAX_BATCH_OPS + 10

export function cancellation(subject: Subject, job: string): void {
  const request = subject.request(job)
  const wrong = (how: string) => subject.breaks('cancellation', `job ${job}: ${how}`)

  /** A run that is cancelled while it waits at a failpoint. */
  async function cancelledAt({ node, test }: Opened, point: FailpointName, skip: number) {
    const parked = new Rendezvous()
    using _park = test.failpoints.arm(point, { kind: 'park', rendezvous: parked }, { skip })
    const controller = new AbortController()
    const run = acting(node, job, request, wrong, { signal: controller.signal })
    await Promise.race([parked.reached, run])
    controller.abort(new Error('cancelled by the suite'))
    parked.release()
    return run
  }

  /** What a run said that it has done, and what the next one finds, are together what there was. */
  async function expectCountsToAddUp({ node }: Opened, first: Awaited<ReturnType<typeof cancelledAt>>) {
    expect(
      first.planned.files,
      wrong(`prepare(node, ${FILES}) made fewer files than a run of two chunks needs`),
    ).toBeGreaterThan(MAX_BATCH_OPS)
    const second = await acting(node, job, request, wrong)
    expect(
      second.planned.files,
      wrong(
        `the cancelled run counts ${first.done.files} of ${first.planned.files} files as done, and the next one finds ${second.planned.files}`,
      ),
    ).toBe(first.planned.files - first.done.files)
  }

  it(`[R-07] ${LAWS.cancellation}: ${job}, between two chunks`, async () => {
    await using opened = await subject.open({ files: FILES })
    const first = await cancelledAt(opened, 'job.chunk.after', 0)
    expect(first.outcome, wrong('a run that was cancelled after its first chunk went on')).toMatchObject({
      status: 'aborted',
      reason: 'cancelled',
    })
    expect(first.chunks, wrong('it does not count its finished chunk')).toBe(1)
    expect(first.done.files, wrong('it has lost the count of its finished chunk')).toBeGreaterThan(0)
    await expectCountsToAddUp(opened, first)
  })

  it(`[R-10] ${LAWS.cancellation}: ${job}, inside of its second chunk`, async () => {
    await using opened = await subject.open({ files: FILES })
    const first = await cancelledAt(opened, 'job.chunk.before', 1)
    await expectCountsToAddUp(opened, first)
  })

  beforeItBegan(subject, job)
}

/** Of every job, with or without a plan. */
export function beforeItBegan(subject: Subject, job: string): void {
  const request = subject.request(job)
  const wrong = (how: string) => subject.breaks('cancellation', `job ${job}: ${how}`)

  it(`[R-10] ${LAWS.cancellation}: ${job}, before it began`, async () => {
    await using opened = await subject.open()
    const before = await opened.test.digest()
    const signal = AbortSignal.abort(new Error('cancelled by the suite'))
    const { outcome, done } = await opened.node.jobs
      .run(job, { ...request, act: true }, { signal })
      .catch(() => ({ outcome: { status: 'aborted' }, done: { files: 0 } }))
    expect(outcome.status, wrong('a run that was cancelled before it began completed')).toBe('aborted')
    expect(done.files, wrong('it counts files as done that it was told to leave')).toBe(0)
    expect((await opened.test.digest()).state, wrong('it was told to leave everything, and did not')).toBe(
      before.state,
    )
  })
}
