import type { BackendErrorKind } from '@holdfast/core'
import { expect, it } from 'vitest'
import { FAULTY_CALLS, type Failure } from '../../faults/fault-plan.ts'
import { LAWS } from '../laws.ts'
import { drain, runUntilSettled } from '../settle.ts'
import type { Subject } from '../subject.ts'
import { acting } from './acting.ts'

/** What a store does to a node on a bad day. Kinds such as not_found are answers, not faults. */
const KINDS: readonly BackendErrorKind[] = [
  'throttled',
  'unavailable',
  'permission',
  'no_space',
  'corrupt',
  'internal',
]

/** @param plans whether the job plans; one that does not says only afterwards what there was to do. */
export function convergence(subject: Subject, job: string, plans: boolean): void {
  const request = subject.request(job)

  it(`[R-04] ${LAWS.convergence}: ${job}`, async () => {
    const wrong = (how: string) => subject.breaks('convergence', `job ${job}: ${how}`)
    await using opened = await subject.open()
    const { test, node } = opened
    const untouched = await test.digest()
    const first = await acting(node, job, request, wrong)
    expect(first.outcome, wrong('its run did not complete')).toEqual({ status: 'completed' })
    const found = plans ? first.planned.files : first.chunks
    expect(found, wrong('its request finds nothing, so that nothing is shown')).toBeGreaterThan(0)
    if (plans) expect(first.done, wrong('it did not do what it planned')).toEqual(first.planned)
    await drain(test)
    const acted = await test.digest()
    // What a job without a plan counts need not be files of the node.
    if (plans)
      expect(acted.state, wrong('it says that it did something, and nothing has changed')).not.toBe(
        untouched.state,
      )
    const second = await acting(node, job, request, wrong)
    await drain(test)
    expect(second.done.files, wrong('a second run does more')).toBe(0)
    expect((await test.digest()).state, wrong('a second run changes manifest or objects again')).toBe(
      acted.state,
    )
  })

  async function resultWith(fault?: Failure): Promise<string> {
    await using opened = await subject.open()
    const { faults } = opened
    const callsBefore = fault ? faults.calls(fault.call) : 0
    using _once = fault && faults.arm(fault)
    const settled = await runUntilSettled(opened.test, job, request)
    const named = fault ? `with one ${fault.call} that is ${fault.kind}` : 'without faults'
    expect(
      settled,
      subject.breaks(
        'faults',
        `job ${job}, ${named}, never comes to rest: ${'why' in settled && settled.why}`,
      ),
    ).toEqual({ settled: true })
    // A call that is never made cannot fail, and that is no proof of anything: one that is made must have failed.
    const called = fault !== undefined && faults.calls(fault.call) > callsBefore
    expect(faults.hits, `the suite armed one fault (${named}) that did not happen once`).toBe(called ? 1 : 0)
    return (await opened.test.digest()).content
  }

  for (const call of FAULTY_CALLS)
    it(`[R-05] ${LAWS.faults}: ${job}, one ${call}`, async () => {
      const undisturbed = await resultWith()
      for (const kind of KINDS)
        expect(
          await resultWith({ call, kind }),
          subject.breaks('faults', `job ${job} comes to another result after one ${call} that is ${kind}`),
        ).toBe(undisturbed)
    })

  it(`[R-05] ${LAWS.faults}: ${job}, a delete that fails for every other object`, async () => {
    const fault: Failure = { call: 'delete', kind: 'unavailable', partial: (index) => index % 2 === 0 }
    expect(
      await resultWith(fault),
      subject.breaks('faults', `job ${job} comes to another result after a delete that failed in part`),
    ).toBe(await resultWith())
  })
}
