import { expect, it } from 'vitest'
import { LAWS } from './laws.ts'
import type { Observed } from './observed.ts'
import type { Subject } from './subject.ts'

const HOOKS = ['gate', 'onManifestBatch', 'onFileDeleted', 'beforeSnapshotWrite', 'inspectFile'] as const

/** What the plugin does not have is shown to be missing: a case that is left out would look the same as one that passed. */
export function absent(subject: Subject, declared: Observed): void {
  const untapped = HOOKS.filter((hook) => !declared.taps.some((tap) => tap.hook === hook))
  const missing = {
    jobs: declared.jobs.length === 0,
    services: declared.services.length === 0,
    taps: untapped.length > 0,
  }

  /** In a node that runs, with files: a setup that looks around may do otherwise than the one that was looked at first. */
  const there = async () => {
    await using opened = await subject.open()
    return opened.seen
  }
  const wrong = (what: string) => subject.breaks('absent', `it ${what} in some setups only`)

  if (missing.jobs)
    it(`[K-01] ${LAWS.absent}: no job`, async () => {
      expect((await there()).jobs, wrong('defines jobs')).toEqual([])
    })

  if (missing.services)
    it(`[K-01] ${LAWS.absent}: no service`, async () => {
      expect((await there()).services, wrong('provides services')).toEqual([])
    })

  if (missing.taps)
    it(`[K-07] ${LAWS.absent}: no tap of ${untapped.join(', ')}`, async () => {
      const hooks = (await there()).taps.map(({ hook }) => hook)
      for (const hook of untapped) expect(hooks, wrong(`taps ${hook}`)).not.toContain(hook)
    })
}
