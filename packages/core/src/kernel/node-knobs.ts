import type { ConfigOf } from '../config/knob.ts'
import { duration, integer, oneOf, shape } from '../config/knobs.ts'
import type { StoreRate } from '../storage/layers/rate.ts'

/** The settings of the node itself: section `node` of the file, HOLDFAST_NODE_* in the environment. */
export const NODE_KNOBS = {
  log: oneOf(['debug', 'info', 'warn', 'error', 'silent'], {
    doc: "Level of the node's own logger, which writes JSON lines to standard error. Not used when the program brings its own.",
    default: 'warn',
  }),
  startDeadline: duration({
    doc: 'How long each service and each onStart function may take to start. One that takes longer ends the start.',
    default: '10m',
    min: 1,
    max: '1d',
  }),
  stopDeadline: duration({
    doc: 'How long stopping waits for running jobs before it cancels them.',
    default: '30s',
    max: '1d',
    zero: 'they are cancelled at once',
  }),
  closeDeadline: duration({
    doc: 'How long each service and each onStop function may take to close. One that takes longer is left behind and named in the error.',
    default: '1m',
    min: 1,
    max: '1d',
  }),
  storeTimeout: duration({
    doc: 'How long a call of the store may take in which nothing moves. Then it ends, and may be tried again.',
    default: '1m',
    min: '100ms',
    max: '1d',
  }),
  storeRetries: integer({
    doc: 'How often a call of the store is tried again when its error says that it may succeed later.',
    default: 3,
    max: 100,
    zero: 'not at all',
  }),
  storeRate: {
    ...shape({
      doc: 'Requests that the node sends to the store in a second, whoever asks: adaptive is as many as the store takes, fewer when it asks for that; a number is a bound beside that; with off nobody ever waits.',
      takes: 'adaptive, off, or a whole number of 1 or more',
      default: 'adaptive',
      read: readRate,
    }),
    fromText: (given: string) => (/^\d+$/.test(given) ? Number(given) : given),
  },
}

function readRate(value: unknown): StoreRate {
  if (value === 'adaptive' || value === 'off') return value
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number
  throw new Error('it is neither adaptive, nor off, nor a whole number of 1 or more')
}

export type NodeConfig = ConfigOf<typeof NODE_KNOBS>
