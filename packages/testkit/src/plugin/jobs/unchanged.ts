import { isHoldfastError, messageOf } from '@holdfast/core'
import { expect, it } from 'vitest'
import { closed, gatekeeper, stumbler } from '../gatekeeper.ts'
import { LAWS } from '../laws.ts'
import { drain } from '../settle.ts'
import type { Opened, Subject } from '../subject.ts'
import { acting } from './acting.ts'

/** What must leave manifest and objects as they are: looking, and every way in which the gate says no. */
export function unchanged(subject: Subject, job: string, plans: boolean): void {
  const request = subject.request(job)

  /** Everything that was set off by then has had its turn. */
  async function stateOf({ test }: Opened): Promise<string> {
    await drain(test)
    return (await test.digest()).state
  }

  it(`[R-14] ${LAWS.dryRun}: ${job}`, async () => {
    const wrong = (how: string) => subject.breaks('dryRun', `job ${job}: ${how}`)
    await using opened = await subject.open()
    const { jobs } = opened.node
    const before = await stateOf(opened)
    if (!plans) {
      for (const asked of [jobs.plan(job, request), jobs.run(job, { ...request, act: false })])
        expect(await codeOf(asked), wrong('it has no plan, and did not say so')).toBe('HF_REQUEST_INVALID')
      expect(await stateOf(opened), wrong('it did something when asked what it would do')).toBe(before)
      return
    }
    const refused = (error: unknown) => expect.fail(wrong(`its request was refused: ${messageOf(error)}`))
    await jobs.plan(job, request).catch(refused)
    expect(await stateOf(opened), wrong('a plan changed manifest or objects')).toBe(before)
    const run = await jobs.run(job, { ...request, act: false }).catch(refused)
    expect(await stateOf(opened), wrong('a dry run changed manifest or objects')).toBe(before)
    expect(run.outcome, wrong('a dry run did not complete')).toEqual({ status: 'completed' })
    expect(run.planned.files, wrong('its request finds nothing, so that nothing is shown')).toBeGreaterThan(0)
    expect(run.done.files, wrong('a dry run counts files as done')).toBe(0)
  })

  it(`[G-02] ${LAWS.gate}: ${job}, from the start`, async () => {
    const wrong = (how: string) => subject.breaks('gate', `job ${job}: ${how}`)
    const keeper = gatekeeper()
    await using opened = await subject.open({ beside: [keeper.plugin] })
    const before = await stateOf(opened)
    keeper.answer = closed
    expect(
      await codeOf(opened.node.jobs.run(job, { ...request, act: true })),
      wrong('a run began behind a closed gate'),
    ).toBe('HF_GATE_DENIED')
    keeper.answer = async () => undefined
    expect(await stateOf(opened), wrong('it changed manifest or objects behind a closed gate')).toBe(before)
  })

  it(`[G-01] ${LAWS.gate}: ${job}, when it closes after the run has begun`, async () => {
    const wrong = (how: string) => subject.breaks('gate', `job ${job}: ${how}`)
    const keeper = gatekeeper()
    await using opened = await subject.open({ beside: [keeper.plugin] })
    const before = await stateOf(opened)
    keeper.answer = async (asked) => (asked.chunk === undefined ? undefined : closed(asked))
    const run = await acting(opened.node, job, request, wrong)
    keeper.answer = async () => undefined
    expect(
      await stateOf(opened),
      wrong('it changed manifest or objects before the gate was asked for the first chunk'),
    ).toBe(before)
    expect(run.outcome.status, wrong('a run completed behind a closed gate')).toBe('aborted')
    expect(run.done.files, wrong('it counts files as done behind a closed gate')).toBe(0)
  })

  it(`[K-06] ${LAWS.neighbour}: ${job}`, async () => {
    const wrong = (how: string) => subject.breaks('neighbour', `job ${job}: ${how}`)
    const keeper = gatekeeper()
    await using opened = await subject.open({ beside: [keeper.plugin] })
    const before = await stateOf(opened)
    keeper.answer = async () => {
      throw new Error('the suite fails this tap')
    }
    expect(
      await codeOf(opened.node.jobs.run(job, { ...request, act: true })),
      wrong('a run began though a gate tap failed'),
    ).toBe('HF_GATE_DENIED')
    keeper.answer = async () => undefined
    expect(await stateOf(opened), wrong('it changed something though a gate tap failed')).toBe(before)
  })

  if (subject.delivers())
    it(`[K-05] ${LAWS.neighbour}: ${job}, beside taps that fail at every event`, async () => {
      const wrong = (how: string) => subject.breaks('neighbour', `job ${job}: ${how}`)
      await using alone = await subject.open()
      await using opened = await subject.open({ beside: [stumbler()] })
      const expected = await acting(alone.node, job, request, wrong)
      const run = await acting(opened.node, job, request, wrong)
      expect(run.outcome, wrong('it does not complete where another plugin stumbles')).toEqual(
        expected.outcome,
      )
      expect(run.done, wrong('it does something else where another plugin stumbles')).toEqual(expected.done)
    })
}

/** The code of the error that a call rejects with; of a call that resolves, `resolved`. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'resolved'
  } catch (error) {
    return isHoldfastError(error) ? error.code : String(error)
  }
}
