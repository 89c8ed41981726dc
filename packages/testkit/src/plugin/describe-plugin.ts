import { describe } from 'vitest'
import { absent } from './absent.ts'
import { crash, noFailpoints } from './crash.ts'
import { eventTaps } from './event-taps.ts'
import { gateTap } from './gate-tap.ts'
import { independence } from './independence.ts'
import { cancellation } from './jobs/cancellation.ts'
import { convergence } from './jobs/convergence.ts'
import { plainCancellation } from './jobs/plain-cancellation.ts'
import { unchanged } from './jobs/unchanged.ts'
import { knobs } from './knobs.ts'
import { metadata } from './metadata.ts'
import type { DescribePluginOptions, PluginFactory } from './options.ts'
import { setup } from './setup.ts'
import { stopping } from './stopping.ts'
import { declaredBy, Subject } from './subject.ts'

/**
 * The laws of a plugin as cases of vitest, for any plugin. What it declares decides which cases there are: each of its
 * knobs and jobs is put to the test, and what it does not have is shown to be missing.
 *
 * ```ts
 * describePlugin('tidy', () => tidy({ olderThan: '30d' }), {
 *   packageJson: new URL('../package.json', import.meta.url),
 *   node: ({ dataDir }) => [manifest({ dataDir })],
 *   prepare: async (node, files) => { ... },
 * })
 * ```
 */
export function describePlugin(name: string, factory: PluginFactory, options: DescribePluginOptions): void {
  const { timeout = 30_000, program } = options
  const subject = new Subject(factory, options)
  describe(`plugin ${name}`, { timeout }, () => {
    metadata(subject)
    setup(subject)
    const declared = declaredBy(subject)
    // Nothing can be said of a plugin that no node can be made of; the first case of its setup says why.
    if (!declared.ok) return
    const { plugin, seen } = declared
    const hooks = seen.taps.map(({ hook }) => hook)
    const jobs = seen.jobs.map((job) => job.name)
    independence(subject, jobs)
    stopping(subject)
    knobs(subject, Object.keys(plugin.config))
    absent(subject, seen)
    if (hooks.includes('gate')) gateTap(subject)
    eventTaps(subject, hooks)
    for (const { name: job, run } of seen.jobs) {
      const plans = run === undefined
      unchanged(subject, job, plans)
      convergence(subject, job, plans)
      if (plans) cancellation(subject, job)
      else plainCancellation(subject, job)
    }
    if (program === undefined) noFailpoints(subject)
    else crash(subject, program, timeout * 4)
  })
}
