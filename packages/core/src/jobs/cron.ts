import { Cron } from 'croner'
import { messageOf } from '../errors.ts'

/** When something is due again and again. croner computes the times; timers are set on the node's own clock. */
export interface Schedule {
  /** The first time strictly after this one, ms since 1970 UTC; undefined when there is none. */
  nextAfter(time: number): number | undefined
}

/** A schedule by cron text in a time zone. @throws Error that says what is wrong */
export function cronSchedule(text: string, timeZone: string): Schedule {
  // croner also takes a date for a single run, which is no schedule.
  if (/^\d{4}-/.test(text.trim())) throw new Error('it is a date, not a cron text')
  const cron = new Cron(text, { timezone: timeZone, mode: '5-or-6-parts' })
  return { nextAfter: (time) => cron.nextRun(new Date(time))?.getTime() }
}

export function cronProblem(text: string): string | undefined {
  try {
    // The day does not matter: what comes at all comes after some day within a leap year's cycle.
    return cronSchedule(text, 'UTC').nextAfter(0) === undefined ? 'it never comes' : undefined
  } catch (error) {
    return `it is no cron text (${messageOf(error)})`
  }
}

export function timeZoneProblem(zone: string): string | undefined {
  // The default, which is asked for every job of every node: a formatter costs 100 us.
  if (zone === 'UTC') return undefined
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return undefined
  } catch {
    return 'it is no known time zone'
  }
}

/** The same schedule, later by a fixed time. */
export function delayed(schedule: Schedule, delay: number): Schedule {
  return {
    nextAfter: (time) => {
      const next = schedule.nextAfter(time - delay)
      return next === undefined ? undefined : next + delay
    },
  }
}
