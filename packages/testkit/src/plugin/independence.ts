import { expect, it } from 'vitest'
import { acting } from './jobs/acting.ts'
import { LAWS } from './laws.ts'
import { observed } from './observed.ts'
import { drain } from './settle.ts'
import { placeFor, type Subject } from './subject.ts'

export function independence(subject: Subject, jobs: readonly string[]): void {
  const wrong = (how: string) => subject.breaks('independence', how)

  it(`[K-01] ${LAWS.independence}: neither the plugin nor its options`, () => {
    const [one, two] = [subject.factory(), subject.factory()]
    expect(one === two, wrong('its factory gives the same plugin twice')).toBe(false)
    expect(
      one.options === two.options,
      wrong('its factory keeps one object of options for all plugins; copy what it is given'),
    ).toBe(false)
    expect(two.options, wrong('the options of the second plugin are not those of the first')).toEqual(
      one.options,
    )
  })

  it(`[K-01] ${LAWS.independence}: both register the same, in two nodes of one process`, () => {
    using here = placeFor(subject)
    using there = placeFor(subject)
    const [one, two] = [observed(subject.factory()), observed(subject.factory())]
    subject.assemble(here.place, one.plugin)
    subject.assemble(there.place, two.plugin)
    const registered = ({ jobs: own, services, taps, config }: typeof one.seen) => ({
      jobs: own.map(({ name }) => name),
      services,
      taps: taps.map(({ hook }) => hook),
      config,
    })
    expect(registered(two.seen), wrong('the second plugin does not register what the first did')).toEqual(
      registered(one.seen),
    )
  })

  for (const job of jobs)
    it(`[K-01] ${LAWS.independence}: job ${job} does in a second node what it did in the first`, async () => {
      await using one = await subject.open()
      await using two = await subject.open()
      const refused = (how: string) => wrong(`job ${job}: ${how}`)
      const first = await acting(one.node, job, subject.request(job), refused)
      const second = await acting(two.node, job, subject.request(job), refused)
      expect(second.planned, wrong(`job ${job} plans something else when another node has run it`)).toEqual(
        first.planned,
      )
      expect(second.done, wrong(`job ${job} does something else when another node has run it`)).toEqual(
        first.done,
      )
      await drain(one.test)
      await drain(two.test)
      expect(
        (await two.test.digest()).content,
        wrong(`job ${job} comes to another result when another node has run it`),
      ).toBe((await one.test.digest()).content)
    })
}
