import { type Knob, shownValue } from '../config/knob.ts'
import { bytes, duration, integer, oneOf, shape } from '../config/knobs.ts'
import { cronProblem, timeZoneProblem } from './cron.ts'

/** The word that turns a setting off, also over a place of less weight that turned it on. */
export type Off = 'off'

/** A knob that takes `off` beside its own values, and is off by default. */
function orOff<T>(knob: Knob<T>): Knob<T | Off> {
  const { default: _, ...rest } = knob
  return {
    ...rest,
    takes: `${knob.takes}, or off`,
    default: 'off',
    read: (value) => (value === 'off' ? 'off' : knob.read(value)),
    show: (value) => (value === 'off' ? 'off' : shownValue(knob, value)),
  }
}

function said(problem: (text: string) => string | undefined): (value: unknown) => string {
  return (value) => {
    if (typeof value !== 'string') throw new Error('it is not a text')
    const wrong = problem(value)
    if (wrong !== undefined) throw new Error(wrong)
    return value
  }
}

/** Longest time limit of a run: what a timer of Node can wait, about 24 days. */
export const LONGEST_TIMEOUT_MS = 0x7fffffff

/** The knobs of every job's life, named as in its definition. */
export function lifeKnobs() {
  return {
    schedule: orOff(
      shape({
        doc: 'When the job runs by itself. A run of the schedule acts.',
        takes: 'a cron text of five or six fields, such as 0 3 * * *',
        read: said(cronProblem),
      }),
    ),
    timeZone: shape({
      doc: 'The time zone that the schedule is read in.',
      takes: 'a time zone, such as UTC or Europe/Berlin',
      default: 'UTC',
      read: said(timeZoneProblem),
    }),
    jitter: duration({
      doc: 'The schedule is delayed by up to this, by a time of the node of its own, so that many nodes do not begin at once.',
      default: 0,
      max: '1d',
      zero: 'no delay',
    }),
    timeout: orOff(
      duration({
        doc: 'Longest time of a run; then it ends between chunks.',
        min: 1,
        max: LONGEST_TIMEOUT_MS,
      }),
    ),
  }
}

/** The knobs of a job's limits. All are off by default. */
export function limitKnobs() {
  return {
    maxFiles: orOff(
      integer({
        doc: 'A plan of more files than this is refused as a whole.',
        max: 1e12,
        zero: 'nothing may go',
      }),
    ),
    maxBytes: orOff(
      bytes({
        doc: 'A plan of more bytes than this is refused as a whole.',
        zero: 'only empty files may go',
      }),
    ),
    maxShare: orOff({
      ...shape({
        doc: 'A plan that takes 100 files and more than this part of the live files of a namespace is refused as a whole.',
        takes: 'a part, such as 20% or 0.2',
        read: readShare,
      }),
      fromText: (given) => (/^\d*\.?\d+$/.test(given) ? Number(given) : given),
    }),
    emptiness: oneOf(['refuse', 'off'], {
      doc: 'With refuse, a plan that would take the last file of a namespace is refused as a whole.',
      default: 'off',
    }),
  }
}

function readShare(value: unknown): number {
  const percent = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*%$/.exec(value)?.[1] : undefined
  const share =
    percent !== undefined ? Number(percent) / 100 : typeof value === 'string' ? Number.NaN : Number(value)
  if (typeof value !== 'string' && typeof value !== 'number') throw new Error('it is not a number')
  if (!(share >= 0 && share <= 1)) throw new Error('it is not between 0 and 1, or 0% and 100%')
  // Nobody means -0.
  return share + 0
}
