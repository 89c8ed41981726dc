import { expect, it } from 'vitest'
import { serviceIn } from '../test-node/service-in.ts'
import { LAWS } from './laws.ts'
import type { Observed } from './observed.ts'
import type { Subject } from './subject.ts'

/** What the plugin does not have is shown to be missing: a case that is left out would look the same as one that passed. */
export function absent(subject: Subject, declared: Observed): void {
  const wrong = (how: string) => subject.breaks('absent', how)

  if (declared.jobs.length === 0)
    it(`[K-01] ${LAWS.absent}: no job`, async () => {
      await using opened = await subject.open()
      expect(opened.seen.jobs, wrong('it defines jobs in some setups only')).toEqual([])
      const { id } = subject.factory()
      expect(
        opened.node.jobs.names().filter((name) => name === id || name.startsWith(`${id}-`)),
        wrong('its node has jobs of its name'),
      ).toEqual([])
    })

  if (declared.services.length === 0)
    it(`[K-01] ${LAWS.absent}: no service`, async () => {
      await using opened = await subject.open()
      expect(opened.seen.services, wrong('it provides services in some setups only')).toEqual([])
      const { id } = subject.factory()
      expect(serviceIn(opened.node, id as never), wrong('its node has a service of its name')).toBeUndefined()
    })

  if (declared.gateTaps.length === 0)
    it(`[K-07] ${LAWS.absent}: no gate tap`, async () => {
      await using opened = await subject.open()
      expect(opened.seen.gateTaps, wrong('it taps the gate in some setups only')).toEqual([])
      const verdict = await opened.node.gate.check({ action: 'condemn', actor: 'node' })
      expect(
        verdict.allowed || verdict.by !== subject.factory().id,
        wrong('it has a say at the gate without a tap'),
      ).toBe(true)
    })
}
