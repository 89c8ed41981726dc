import { type CallOptions, duration, type Entry, type Manifest, type Totals } from '@holdfast/core'
import { type PolicyBook, policyInvalid } from './book.ts'
import { dueFiles } from './candidates.ts'
import { Jury } from './judge.ts'
import { type Policy, readPolicy, setProblems } from './policy.ts'
import type { SimulatedDay, Simulation, SimulationRequest } from './service.ts'

const NOTHING: Totals = { files: 0, bytes: 0, rows: 0 }
const AGE = duration({ doc: 'a time of a simulation', min: 1 })
const FIELDS: readonly string[] = ['maxAge', 'policies', 'set', 'asOf'] satisfies (keyof SimulationRequest)[]

type Day = { -readonly [K in keyof SimulatedDay]: SimulatedDay[K] }

/** What other policies would delete, against the current ones. Memory grows with namespaces and days. */
export async function simulate(
  request: SimulationRequest,
  { book, manifest, now: clock }: { book: PolicyBook; manifest: Manifest; now: () => number },
  { signal }: CallOptions,
): Promise<Simulation> {
  const current = book.policies()
  const simulated = changed(current, request)
  const now = clock()
  const times = { asOf: request.asOf === undefined ? now : Number(request.asOf), now }
  const days = new Map<string, Day>()
  const kept: Record<string, number> = {}
  const count = async (
    policies: readonly Policy[],
    side: 'current' | 'simulated',
    keep?: (why: string, files?: number) => void,
  ): Promise<Totals> => {
    let totals = NOTHING
    const jury = new Jury(policies, undefined, times)
    for await (const page of dueFiles(jury, manifest, { signal, ...(keep && { keep }) }))
      for (const { entry } of page) {
        totals = plus(totals, entry)
        const day = dayOf(days, entry)
        day[side] = plus(day[side], entry)
      }
    return totals
  }
  const before = await count(current, 'current')
  const after = await count(simulated, 'simulated', (why, files = 1) => {
    kept[why] = (kept[why] ?? 0) + files
  })
  const sorted = [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, day]) => day)
  return { current: before, simulated: after, days: sorted, kept }
}

/** The policies as the request would have them. @throws HF_POLICY_INVALID */
function changed(current: readonly Policy[], request: SimulationRequest): readonly Policy[] {
  const problems: string[] = []
  for (const field of Object.keys(request))
    if (!FIELDS.includes(field)) problems.push(`"${field}" is unknown; known are ${FIELDS.join(', ')}`)
  const { maxAge, policies: ids, set = [], asOf } = request
  for (const id of ids ?? [])
    if (!current.some((policy) => policy.id === id)) problems.push(`there is no policy "${id}"`)
  if (asOf !== undefined && !Number.isSafeInteger(Number(asOf)))
    problems.push('asOf is not a date or a number of milliseconds')
  let age: number | undefined
  try {
    age = maxAge === undefined ? undefined : AGE.read(maxAge)
  } catch (error) {
    problems.push(`maxAge is ${JSON.stringify(maxAge)}, but ${(error as Error).message}`)
  }
  const read = set.map((given, index) => readPolicy(given, `policy ${given?.id ?? index}`))
  const given = read.flatMap(({ policy }) => policy ?? [])
  const older = current.map((policy) =>
    age !== undefined && policy.maxAge !== undefined && (ids?.includes(policy.id) ?? true)
      ? { ...policy, maxAge: age }
      : policy,
  )
  for (const { id, maxAge: own, buffer } of older)
    if (own !== undefined && own <= buffer) problems.push(`policy ${id}: maxAge is not longer than buffer`)
  const all = [...older.filter(({ id }) => !given.some((policy) => policy.id === id)), ...given]
  problems.push(...read.flatMap((one) => one.problems), ...setProblems(all))
  if (problems.length > 0) throw policyInvalid(problems, 'retention.simulate')
  return all
}

function plus({ files, bytes, rows }: Totals, entry: Entry): Totals {
  return { files: files + 1, bytes: bytes + entry.size, rows: rows + (entry.rows ?? 0) }
}

function dayOf(days: Map<string, Day>, { namespace, maxTime = 0 }: Entry): Day {
  const day = dayText(maxTime)
  const name = `${namespace}\0${day}`
  const known = days.get(name) ?? { namespace, day, current: NOTHING, simulated: NOTHING }
  days.set(name, known)
  return known
}

/** Times that no calendar has stand as they are. */
function dayText(time: number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString().replace(/T.*/, '')
}
