import fc from 'fast-check'
import type { ModelPolicy } from './oracle.ts'

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

const run = fc.record({
  do: fc.constant('run'),
  cap: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  maxFiles: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  fault: fc.oneof(
    { weight: 6, arbitrary: fc.constant('none' as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        'commit fails' as const,
        'killed before' as const,
        'killed after' as const,
        'cancelled' as const,
        'cut off' as const,
      ),
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

type Value<T> = T extends fc.Arbitrary<infer V> ? V : never
export type Change = Value<typeof change>
export type Run = Value<typeof run>
export type Command = Change | Run
