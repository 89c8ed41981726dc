import { createRequire } from 'node:module'
import { definePlugin, type Plugin, shape } from '@holdfast/core'

export interface __Factory__Options {
  /** The last day on which jobs may delete: `2027-12-31`. Default: no end. */
  readonly until?: string
}

/** Ends the deleting of an unlicensed node; reading and writing go on. */
export function __factory__(options: __Factory__Options = {}): Plugin {
  return definePlugin({
    name: '__name__', // of the package
    id: '__id__', // names its options, jobs, taps and log lines
    version: createRequire(import.meta.url)('../package.json').version, // of the package
    api: '1.0', // the contract that it was written for
    options: { ...options },
    config: {
      until: shape<number>({
        doc: 'The last day on which jobs may delete.',
        takes: 'a date, such as 2027-12-31',
        default: '9999-12-31',
        read(value) {
          const day = new Date(String(value))
          // Date takes the 31st of February for a day in March.
          if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== value)
            throw new Error('it is not a date')
          return day.getTime() + 86_400_000
        },
      }),
    },
    setup({ hooks, clock, config }) {
      hooks.gate.tap(async ({ action }) =>
        action === 'condemn' && clock.now() >= config.until ? { deny: 'the licence has ended' } : undefined,
      )
    },
  })
}

export { __factory__ as plugin }
