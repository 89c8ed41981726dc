import { inspect } from 'node:util'
import type { Off } from './knobs.ts'
import type { Totals } from './plan.ts'

/**
 * How much a plan may take. Judged when planning has ended, before anything is changed; a plan over a limit is
 * refused as a whole. (A *cap*, in contrast, is how much of an accepted plan one run does.) Absent and `off`: no limit.
 */
export interface Limits {
  /** Most files of a plan. 0: any file is too much. */
  readonly files?: number | Off
  /** Most bytes of a plan. */
  readonly bytes?: number | Off
  /** Largest part of a namespace's live files that may go, from 0 to 1. */
  readonly share?: number | Off
  /** Fewer files of a namespace than this are no matter of `share`. Default 100. */
  readonly shareFrom?: number
  /** `refuse`: no namespace may lose its last file. */
  readonly emptiness?: 'refuse' | Off
}

export const LIMIT_NAMES = ['files', 'bytes', 'share', 'emptiness'] as const
export type LimitName = (typeof LIMIT_NAMES)[number]

/** A limit that a plan is over, with both figures; for limits of a namespace, those of the worst one. */
export interface LimitExcess {
  readonly limit: LimitName
  /** What the plan would take: files, or bytes. */
  readonly planned: number
  /** What it might take at most, in the same unit. */
  readonly allowed: number
  readonly namespace?: string
  /** How many namespaces are over this limit. */
  readonly namespaces?: number
}

const SHARE_FROM = 100
/** 0.29 * 100 is 28.999999999999996, and 29 of 100 files are 29 %. */
const ROUNDING = 1e-9

/** A job's limits with those of a request: limit by limit the stricter one. A request never loosens what the job says. */
export function stricter(own: Limits, asked: Limits): Limits {
  const least = (name: 'files' | 'bytes' | 'share') => {
    const set = [own[name], asked[name]].filter((value) => typeof value === 'number')
    return set.length > 0 && { [name]: Math.min(...set) }
  }
  const refuse = own.emptiness === 'refuse' || asked.emptiness === 'refuse'
  const { shareFrom = SHARE_FROM } = own
  return {
    ...least('files'),
    ...least('bytes'),
    ...least('share'),
    shareFrom: Math.min(shareFrom, asked.shareFrom ?? shareFrom),
    ...(refuse && { emptiness: 'refuse' as const }),
  }
}

interface Field {
  readonly takes: string
  readonly ok: (value: unknown) => boolean
}

const WHOLE: Field = {
  takes: 'a whole number from 0',
  ok: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
}
const PART: Field = {
  takes: 'a number from 0 to 1',
  ok: (value) => typeof value === 'number' && value >= 0 && value <= 1,
}
const orOff = ({ takes, ok }: Field): Field => ({
  takes: `${takes}, or off`,
  ok: (value) => value === 'off' || ok(value),
})
const FIELDS: Readonly<Record<keyof Limits, Field>> = {
  files: orOff(WHOLE),
  bytes: orOff(WHOLE),
  share: orOff(PART),
  shareFrom: WHOLE,
  emptiness: orOff({ takes: 'refuse', ok: (value) => value === 'refuse' }),
}

/** What is wrong with limits that somebody gave. A limit that cannot be read must not read as none. */
export function limitProblems(limits: unknown): string[] {
  if (typeof limits !== 'object' || limits === null || Array.isArray(limits))
    return ['limits is not an object']
  return Object.entries(limits).flatMap(([name, value]) => {
    if (!Object.hasOwn(FIELDS, name))
      return [`limits.${name} is unknown; known are ${Object.keys(FIELDS).join(', ')}`]
    const { takes, ok } = FIELDS[name as keyof Limits]
    return value === undefined || ok(value) ? [] : [`limits.${name} is ${inspect(value)}; it takes ${takes}`]
  })
}

/** What the planning counted of one namespace. */
export interface NamespaceTake {
  planned: number
  /** Live files; undefined when the job did not say. */
  population: number | undefined
}

/** Every limit that the plan is over. A namespace of unknown population is over each limit that needs it. */
export function judgeLimits(
  limits: Limits,
  totals: Totals,
  takes: ReadonlyMap<string, NamespaceTake>,
): LimitExcess[] {
  const { files, bytes, share, shareFrom = SHARE_FROM, emptiness } = limits
  const excess: LimitExcess[] = []
  if (typeof files === 'number' && !(totals.files <= files))
    excess.push({ limit: 'files', planned: totals.files, allowed: files })
  if (typeof bytes === 'number' && !(totals.bytes <= bytes))
    excess.push({ limit: 'bytes', planned: totals.bytes, allowed: bytes })
  if (typeof share === 'number')
    excess.push(
      ...worst('share', takes, ({ planned, population }) =>
        planned < shareFrom ? Number.POSITIVE_INFINITY : Math.floor(share * (population ?? 0) + ROUNDING),
      ),
    )
  if (emptiness === 'refuse')
    excess.push(...worst('emptiness', takes, ({ population }) => Math.max(0, (population ?? 0) - 1)))
  return excess
}

function worst(
  limit: LimitName,
  takes: ReadonlyMap<string, NamespaceTake>,
  allowedOf: (take: NamespaceTake) => number,
): LimitExcess[] {
  let found: LimitExcess | undefined
  let namespaces = 0
  for (const [namespace, take] of takes) {
    const allowed = allowedOf(take)
    if (take.planned === 0 || take.planned <= allowed) continue
    namespaces++
    if (!found || take.planned - allowed > found.planned - found.allowed)
      found = { limit, planned: take.planned, allowed, namespace }
  }
  return found ? [{ ...found, namespaces }] : []
}

/** For people: `share: 120 of namespace a/b, allowed 100`. */
export function describeExcess(excess: readonly LimitExcess[]): string {
  return excess
    .map(({ limit, planned, allowed, namespace }) => {
      const where = namespace === undefined ? '' : ` of namespace ${namespace}`
      return `${limit}: ${planned}${where}, allowed ${allowed}`
    })
    .join('; ')
}
