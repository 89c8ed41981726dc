import { inspect } from 'node:util'
import { cronProblem, timeZoneProblem } from './cron.ts'
import type { JobDefinition, PlainJob, PlannedJob } from './definition.ts'
import { LONGEST_TIMEOUT_MS } from './knobs.ts'
import { limitProblems } from './limits.ts'

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
/** Longest delay of a schedule, and longest life of a plan, ms: ten years. */
const LONGEST_MS = 3650 * 86_400_000

/** Says what is wrong with a value, if something is. */
type Check = (value: unknown) => string | undefined
type Field = keyof PlannedJob<unknown> | keyof PlainJob<unknown>

const be =
  (what: string, ok: (value: unknown) => boolean): Check =>
  (value) =>
    ok(value) ? undefined : `it is not ${what}`
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined ? undefined : check(value)
const time = (min: number, max: number): Check =>
  be(
    `a number of ms from ${min} to ${max}`,
    (value) => typeof value === 'number' && value >= min && value <= max,
  )
const fn = optional(be('a function', (value) => typeof value === 'function'))
const off =
  (check: Check): Check =>
  (value) =>
    value === 'off' ? undefined : check(value)
const text =
  (check: (text: string) => string | undefined): Check =>
  (value) =>
    typeof value === 'string' ? check(value) : 'it is not a text'

const FIELDS: Readonly<Record<Field, Check>> = {
  name: be('kebab-case', (value) => typeof value === 'string' && NAME.test(value)),
  doc: text(() => undefined),
  action: text((action) => (action === '' ? 'it is empty' : undefined)),
  schedule: optional(off(text(cronProblem))),
  timeZone: optional(text(timeZoneProblem)),
  jitter: optional(time(0, LONGEST_MS)),
  timeout: optional(off(time(1, LONGEST_TIMEOUT_MS))),
  onTick: optional(be('an object', (value) => typeof value === 'object' && value !== null)),
  check: fn,
  limits: optional((limits) => limitProblems(limits).join('; ') || undefined),
  planExpiry: optional(time(1, LONGEST_MS)),
  plan: fn,
  standing: fn,
  act: fn,
  run: fn,
}

/**
 * The kernel's own copy of a definition: what becomes of the object that it was given is no matter.
 * @throws TypeError with everything that is wrong with it
 */
export function ownDefinition(given: unknown): JobDefinition<unknown> {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(
      `a job is an object with name, doc, action, and plan and act or run; not ${inspect(given)}`,
    )
  const job = given as Readonly<Record<string, unknown>>
  const problems: string[] = []
  const own: Record<string, unknown> = {}
  for (const [field, check] of Object.entries(FIELDS)) {
    const value = job[field]
    const problem = check(value)
    if (problem !== undefined) problems.push(`${field} is ${inspect(value)}, but ${problem}`)
    else if (typeof value === 'function') own[field] = value.bind(given)
    else if (value !== undefined) own[field] = typeof value === 'object' ? Object.freeze({ ...value }) : value
  }
  const parts = [job.plan, job.act, job.run].map((part) => part !== undefined).join()
  if (parts !== 'true,true,false' && parts !== 'false,false,true')
    problems.push('it needs plan and act, or run alone')
  if (problems.length > 0) throw new TypeError(`job ${inspect(job.name)}: ${problems.join('; ')}`)
  return Object.freeze(own) as unknown as JobDefinition<unknown>
}
