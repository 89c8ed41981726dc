import fc from 'fast-check'
import type { ModelPolicy } from './oracle.ts'

type Value<T> = T extends fc.Arbitrary<infer V> ? V : never

const NAMES = ['a/0', 'a/1', 'a/2', 'a/x/3', 'b/0', 'b/1', 'b/2', 'b/x/3'] as const
const path = fc.constantFrom(...NAMES)
const age = fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined, freq: 9 })
const size = fc.integer({ min: 1, max: 20 })

const policy = fc
  .record({
    id: fc.constantFrom('p', 'q'),
    match: fc.constantFrom('**', 'a/**', 'a/x/**', 'b/**'),
    kind: fc.constantFrom('age', 'both', 'both', 'bytes'),
    maxAge: fc.integer({ min: 1, max: 6 }),
    maxBytes: fc.integer({ min: 0, max: 30 }),
    minAge: fc.constantFrom(0, 0, 1),
    keepNewest: fc.constantFrom(0, 0, 1, 2),
    overrides: fc.oneof(
      { weight: 1, arbitrary: fc.constant<string[]>([]) },
      { weight: 1, arbitrary: fc.subarray(['p', 'q']) },
    ),
  })
  .map(
    ({ kind, maxAge, maxBytes, ...policy }): ModelPolicy => ({
      ...policy,
      ...(kind !== 'bytes' && { maxAge }),
      ...(kind !== 'age' && { maxBytes }),
    }),
  )

/** What users and operators do. */
const change = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('write'), path, age, size }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete'), path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('undo'), path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('undo run') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('compact'), path, other: path, age, size }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('update'), path, age }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('hold'),
      scope: fc.oneof(
        fc.record({ path }),
        fc.record({ folder: fc.constantFrom('a', 'a/x', 'b') }),
        fc.record({ namespace: fc.constantFrom('a', 'b') }),
      ),
      days: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('policy'),
      policy,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unset'), id: fc.constantFrom('p', 'q') }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait'), days: fc.integer({ min: 1, max: 3 }) }),
  },
)

/** What goes wrong in a run that acts. */
export const FAULTS = [
  'commit fails',
  'killed before',
  'killed after',
  'cancelled',
  'cut off',
  'role lost',
  'bytes stay',
] as const

/** Most that a plan may take. */
const limits = fc.record(
  {
    files: fc.integer({ min: 0, max: 4 }),
    bytes: fc.integer({ min: 0, max: 40 }),
    share: fc.constantFrom(0, 0.3, 0.5, 1),
    emptiness: fc.constant('refuse' as const),
  },
  { requiredKeys: [] },
)
export type ModelLimits = Value<typeof limits>

const run = fc.record({
  do: fc.constant('run'),
  /** Old files that are written first, so that there is something to take. */
  first: fc.array(fc.record({ path, size }), { maxLength: 3 }),
  cap: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  limits: fc.oneof({ weight: 1, arbitrary: limits }, { weight: 2, arbitrary: fc.constant({}) }),
  fault: fc.oneof(
    { weight: 3, arbitrary: fc.constant('none' as const) },
    {
      weight: 7,
      arbitrary: fc.constantFrom(...FAULTS),
    },
  ),
  /** Whether it executes a plan from before the changes. */
  bound: fc.boolean(),
  /** What happens between the plan and the chunk. */
  meanwhile: fc.array(change, { maxLength: 3 }),
})

const first = policy.map((one) => ({ do: 'policy' as const, policy: { ...one, overrides: [] } }))
const rest = fc.array(fc.oneof({ weight: 3, arbitrary: change }, { weight: 2, arbitrary: run }), {
  minLength: 10,
  maxLength: 30,
  size: 'max',
})

export const commands = fc.tuple(first, rest).map(([policy, others]): Command[] => [policy, ...others])

export type Change = Value<typeof change>
export type Run = Value<typeof run>
export type Command = Change | Run

const EVERYTHING = { id: 'p', match: '**', maxAge: 1, minAge: 0, keepNewest: 0, overrides: [] } as const

/** Old files, then a run of all of them. */
const sweep = (more: Partial<Run>): Run => ({
  do: 'run',
  first: [
    { path: 'a/1', size: 5 },
    { path: 'a/2', size: 5 },
  ],
  cap: undefined,
  limits: {},
  fault: 'none',
  bound: false,
  meanwhile: [],
  ...more,
})

/** Meets every fault and every limit once, so that none is left to chance. */
export const GRAND_TOUR: Command[] = [
  { do: 'policy', policy: EVERYTHING },
  ...FAULTS.map((fault) => sweep({ fault })),
  ...[{ files: 1 }, { bytes: 9 }, { share: 0.5 }, { emptiness: 'refuse' as const }].map((limits) =>
    sweep({ limits }),
  ),
  sweep({ bound: true }),
]
