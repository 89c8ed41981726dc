import { readdirSync } from 'node:fs'
import { messageOf } from '@holdfast/core'
import { expect, it } from 'vitest'
import { inventory, moreThan } from './inventory.ts'
import { LAWS } from './laws.ts'
import { observed } from './observed.ts'
import { placeFor, type Subject } from './subject.ts'

export function setup(subject: Subject): void {
  const wrong = (how: string) => subject.breaks('setup', how)

  it(`[K-01] ${LAWS.setup}: a node can be made of it`, () => {
    using at = placeFor(subject)
    let problem: unknown
    try {
      subject.assemble(at.place)
    } catch (error) {
      problem = error
    }
    expect(problem, wrong(`createNode refuses it: ${messageOf(problem)}`)).toBeUndefined()
  })

  it(`[K-01] ${LAWS.setup}: nothing is opened before the start`, () => {
    const before = inventory()
    subject.factory()
    const made = moreThan(before, inventory())
    expect(made, wrong(`its factory opens ${made.join(', ')}`)).toEqual([])
    using at = placeFor(subject)
    const { plugin, seen } = observed(subject.factory())
    attempt(() => subject.assemble(at.place, plugin))
    expect(
      seen.opened,
      wrong(`its setup opens ${seen.opened.join(', ')}; open it when the service or node starts`),
    ).toEqual([])
    expect(
      readdirSync(at.place.dataDir, { recursive: true }),
      wrong('its setup writes files; write them when the service or node starts'),
    ).toEqual([])
    expect(at.place.clock.timers, wrong('its setup sets a timer; set it when the node starts')).toBe(0)
  })

  it(`[K-01] ${LAWS.setup}: services, jobs and failpoints have its names`, () => {
    using at = placeFor(subject)
    const { plugin, seen } = observed(subject.factory())
    attempt(() => subject.assemble(at.place, plugin))
    expect(
      [...seen.services].sort(),
      wrong('the services that its setup provides are not those that `provides` declares'),
    ).toEqual([...plugin.provides].sort())
    for (const { name, doc } of seen.jobs) {
      expect(
        name === plugin.id || name.startsWith(`${plugin.id}-`),
        wrong(
          `job ${name} must be called ${plugin.id} or ${plugin.id}-<what>, so that two plugins never clash`,
        ),
      ).toBe(true)
      expect(doc, wrong(`job ${name} does not say what it does`)).not.toBe('')
    }
    for (const [name, knob] of Object.entries(plugin.config))
      expect(knob.doc, wrong(`option ${name} does not say what it means`)).not.toBe('')
    expect(at.place.failpoints.names(), wrong('its failpoints are not known to its node')).toEqual(
      expect.arrayContaining([...plugin.failpoints]),
    )
  })
}

/** That a node can be made at all is a case of its own; the others look at what came to be until it failed. */
function attempt(make: () => unknown): void {
  try {
    make()
  } catch {
    // Reported by the first case.
  }
}
