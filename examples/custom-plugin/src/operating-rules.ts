import { definePlugin, duration, lifeKnobs, limitKnobs, type Plugin, shape } from '@holdfast/core'
import { datedFiles } from './dated-files.ts'
import { endOfDay } from './day.ts'
import { untilOpen, window } from './window.ts'

export interface OperatingRulesOptions {
  /** When jobs may delete, in UTC: `22:00-06:00`. Default: always. */
  readonly maintenance?: string
  /** The last day on which jobs may delete: `2027-12-31`. Default: no end. */
  readonly licensedUntil?: string
  /** How long a file that its own date has deleted can be brought back. Default 1h. */
  readonly eraseDelay?: number | string
  /** Cron text by which files with a date of their own are looked for. Default off. */
  readonly schedule?: string
  /** A plan of more files is refused as a whole. Default off. */
  readonly maxFiles?: number | 'off'
}

// Knobs that every job may have, ready made: names, checks and documentation.
const { schedule } = lifeKnobs()
const { maxFiles } = limitKnobs()

/**
 * Two rules of an operator, as one tap of the gate: jobs condemn files in the maintenance window only, and while the
 * licence lasts. Reading, writing, dry runs and erasing what was condemned go on. And one as a job: files that bear a date
 * in their metadata go when it has passed.
 */
export function operatingRules(options: OperatingRulesOptions = {}): Plugin {
  return definePlugin({
    name: '@holdfast/example-custom-plugin',
    id: 'operating-rules',
    version: '1.0.0',
    api: '1.0',
    needs: ['manifest'],
    options: { ...options },
    config: {
      maintenance: window('When jobs may delete, in UTC. Begin and end alike: always.'),
      licensedUntil: shape<number>({
        doc: 'The last day on which jobs may delete.',
        takes: 'a date, such as 2027-12-31',
        default: '9999-12-31',
        read: (value) => {
          const end = endOfDay(value)
          if (end === undefined) throw new Error('it is not a date')
          return end
        },
      }),
      eraseDelay: duration({
        doc: 'How long a file that its own date has deleted can be brought back.',
        default: '1h',
        max: '3650d',
        zero: 'not at all',
      }),
      schedule,
      maxFiles,
    },
    setup({ hooks, clock, config, jobs }) {
      hooks.gate.tap(async ({ action, dryRun }) => {
        // A dry run on schedule changes nothing, and tells what the window will bring.
        if (action !== 'condemn' || dryRun) return undefined
        const now = clock.now()
        if (now > config.licensedUntil)
          return { deny: `the licence ended on ${new Date(config.licensedUntil).toISOString().slice(0, 10)}` }
        const retryAfter = untilOpen(config.maintenance, now)
        return retryAfter > 0 ? { deny: 'outside the maintenance window', retryAfter } : undefined
      })
      const { eraseDelay, schedule, maxFiles } = config
      jobs.define({
        ...datedFiles({ now: () => clock.now(), eraseDelay }),
        schedule,
        limits: { files: maxFiles },
      })
    },
  })
}
