import { definePlugin, type Plugin, shape } from '@holdfast/core'
import { untilOpen, window } from './window.ts'

export interface OperatingRulesOptions {
  /** When jobs may delete, in UTC: `22:00-06:00`. Default: always. */
  readonly maintenance?: string
  /** The last day on which jobs may delete: `2027-12-31`. Default: no end. */
  readonly licensedUntil?: string
}

const DAY_MS = 86_400_000

/**
 * Two rules of an operator, as one tap of the gate: jobs condemn files in the maintenance window only, and while the
 * licence lasts. Reading, writing, dry runs and erasing what was condemned go on.
 */
export function operatingRules(options: OperatingRulesOptions = {}): Plugin {
  return definePlugin({
    name: '@holdfast/example-custom-plugin',
    id: 'operating-rules',
    version: '1.0.0',
    api: '1.0',
    options: { ...options },
    config: {
      maintenance: window('When jobs may delete, in UTC. Begin and end alike: always.'),
      licensedUntil: shape<number>({
        doc: 'The last day on which jobs may delete.',
        takes: 'a date, such as 2027-12-31',
        default: '9999-12-31',
        read: (value) => endOf(value),
      }),
    },
    setup({ hooks, clock, config }) {
      hooks.gate.tap(async ({ action, dryRun }) => {
        // A dry run on schedule changes nothing, and tells what the window will bring.
        if (action !== 'condemn' || dryRun) return undefined
        const now = clock.now()
        if (now > config.licensedUntil)
          return { deny: `the licence ended on ${new Date(config.licensedUntil).toISOString().slice(0, 10)}` }
        const retryAfter = untilOpen(config.maintenance, now)
        return retryAfter > 0 ? { deny: 'outside the maintenance window', retryAfter } : undefined
      })
    },
  })
}

/** The last millisecond of a day in UTC. */
function endOf(value: unknown): number {
  const start =
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(value) : Number.NaN
  // Date.parse takes the 31st of February for a day in March.
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== value)
    throw new Error('it is not a date')
  return start + DAY_MS - 1
}
