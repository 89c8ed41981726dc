import { inspect } from 'node:util'
import { HoldfastError, messageOf } from '../errors.ts'
import type { JobDefinition } from './definition.ts'
import { LIMIT_NAMES, type LimitName, type Limits, limitProblems } from './limits.ts'

/** A request, taken apart: what is for the kernel, and what is for the job. */
export interface ReadRequest {
  readonly act: boolean
  readonly plan: string | undefined
  readonly cap: number | undefined
  readonly limits: Limits
  readonly override: readonly LimitName[]
  /** What the job itself was asked. */
  readonly asked: object
}

/** Checks a request before anything is read. @throws HF_REQUEST_INVALID with every problem */
export function readRequest(job: JobDefinition<unknown>, request: object): ReadRequest {
  if (typeof request !== 'object' || request === null || Array.isArray(request))
    throw requestInvalid(job.name, ['it is not an object'])
  const given = request as Record<string, unknown>
  const { act = false, plan, cap, limits = {}, override = [], ...asked } = given
  const problems: string[] = []
  if (typeof act !== 'boolean') problems.push('act is not true or false')
  if (cap !== undefined && !(Number.isSafeInteger(cap) && (cap as number) >= 0))
    problems.push(`cap is ${inspect(cap)}; it takes a whole number from 0`)
  problems.push(...limitProblems(limits))
  if (!Array.isArray(override) || override.some((name) => !LIMIT_NAMES.includes(name)))
    problems.push(`override is not a list of ${LIMIT_NAMES.join(', ')}`)
  if (plan === undefined) {
    if (given.override !== undefined) problems.push('override goes with a plan that somebody has looked at')
    problems.push(...jsonProblems(asked), ...checked(job, asked))
  } else if (typeof plan !== 'string') problems.push('plan is not the id of a plan')
  else
    for (const name of [...Object.keys(asked), ...(given.limits === undefined ? [] : ['limits'])])
      problems.push(`${name} was decided when the plan was made; leave it out`)
  if (job.run) {
    for (const name of ['plan', 'cap', 'limits'])
      if (given[name] !== undefined) problems.push(`${name} is for jobs that plan; this one does not`)
    if (act !== true) problems.push('it has no dry run; ask with act: true')
  }
  if (problems.length > 0) throw requestInvalid(job.name, problems)
  return { act, plan, cap, limits, override, asked } as ReadRequest
}

export function requestInvalid(job: string, problems: readonly string[]): HoldfastError {
  return new HoldfastError(
    'HF_REQUEST_INVALID',
    `job ${job} cannot take this request: ${problems.join('; ')}`,
    { context: { job, problems } },
  )
}

/** What the job itself finds. */
function checked(job: JobDefinition<unknown>, asked: object): readonly string[] {
  const problems: unknown = job.check?.(asked) ?? []
  if (Array.isArray(problems) && problems.every((problem) => typeof problem === 'string')) return problems
  throw new HoldfastError(
    'HF_PLUGIN_FAILED',
    `check of job ${job.name} gave ${inspect(problems)}, not a list of texts`,
    { context: { job: job.name } },
  )
}

function jsonProblems(asked: object): string[] {
  try {
    const kept: unknown = asJson(asked)
    return typeof kept === 'object' && kept !== null
      ? []
      : ['it cannot be written down: it is no object as JSON']
  } catch (error) {
    return [`it cannot be written down (${messageOf(error)})`]
  }
}

/** A request as records keep it. */
export function asJson(asked: object): object {
  return JSON.parse(JSON.stringify(asked) ?? 'null') as object
}
