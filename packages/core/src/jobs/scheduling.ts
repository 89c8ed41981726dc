import { createHash } from 'node:crypto'
import { messageOf } from '../errors.ts'
import { cronSchedule, delayed, type Schedule, timeZoneProblem } from './cron.ts'
import type { JobDefinition } from './definition.ts'
import { LONGEST_TIMEOUT_MS } from './knobs.ts'
import { limitProblems } from './limits.ts'

type Scheduled = JobDefinition<unknown> & { readonly schedule: string }

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/** Refuses what cannot be a job, while the plugin is set up. @throws TypeError */
export function checkDefinition(job: JobDefinition<unknown>): void {
  const { name, timeout, jitter = 0 } = job
  const problems: string[] = []
  if (!NAME.test(name)) problems.push('its name is not kebab-case')
  const shape = [job.plan, job.act, job.run].map((part) => typeof part === 'function').join()
  if (shape !== 'true,true,false' && shape !== 'false,false,true')
    problems.push('it needs plan and act, or run alone')
  if (typeof timeout === 'number' && !(timeout > 0 && timeout <= LONGEST_TIMEOUT_MS))
    problems.push(`timeout is ${timeout}; it takes 1 to ${LONGEST_TIMEOUT_MS} ms`)
  if (!(jitter >= 0)) problems.push(`jitter is ${jitter}; it takes a number of ms from 0`)
  const zone = timeZoneProblem(job.timeZone ?? 'UTC')
  if (zone !== undefined) problems.push(`timeZone is ${job.timeZone}, but ${zone}`)
  else if (isScheduled(job))
    try {
      cronSchedule(job.schedule, job.timeZone ?? 'UTC')
    } catch (error) {
      problems.push(`schedule is ${JSON.stringify(job.schedule)}: ${messageOf(error)}`)
    }
  if (!job.run) problems.push(...limitProblems(job.limits ?? {}))
  if (problems.length > 0) throw new TypeError(`job ${JSON.stringify(name)}: ${problems.join('; ')}`)
}

export function isScheduled(job: JobDefinition<unknown>): job is Scheduled {
  return job.schedule !== undefined && job.schedule !== 'off'
}

/** The schedule of a job on one node, with the node's part of the jitter. */
export function scheduleOf(job: Scheduled, node: string): Schedule {
  const schedule = cronSchedule(job.schedule, job.timeZone ?? 'UTC')
  return delayed(schedule, Math.floor((job.jitter ?? 0) * placeOf(node, job.name)))
}

/** From 0 to 1, the same at every start: nodes spread, and the time between two ticks stays what the schedule says. */
function placeOf(node: string, job: string): number {
  return createHash('sha256').update(`${node}\0${job}`).digest().readUInt32BE() / 2 ** 32
}
