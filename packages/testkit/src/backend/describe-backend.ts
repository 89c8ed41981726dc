import type { Backend } from '@holdfast/core'
import { afterEach, describe } from 'vitest'
import { atomicWrites } from './atomic-write.ts'
import { BACKEND_CASES, type BackendCases, Cases } from './cases.ts'
import { deletion } from './deletion.ts'
import { errorKinds } from './error-kinds.ts'
import { exclusiveWrites } from './exclusive-write.ts'
import { listing } from './listing.ts'
import { roundTrip } from './round-trip.ts'
import { singlePieces } from './single-piece.ts'
import { undeclared } from './undeclared.ts'
import { BACKEND_VARIANTS, type BackendVariant, factoryOf } from './variants.ts'

/** One instance of the backend under test, with nothing in it. */
export interface BackendUnderTest {
  /** Started and ready. */
  readonly backend: Backend
  /** Opens the same store again, as the next process would. `'none'`: it ends with its instance. */
  readonly reopen: (() => Promise<Backend>) | 'none'
  /** Names of what writing left over: temporary files, unfinished uploads. `'none'`: the store cannot have any. */
  readonly litter: (() => Promise<string[]>) | 'none'
  /** Ends the instance and removes its data. */
  dispose(): Promise<void>
}

export type BackendFactory = () => Promise<BackendUnderTest>

export interface DescribeBackendOptions {
  /** How to look at it. Default: all of {@link BACKEND_VARIANTS}. */
  readonly variants?: readonly BackendVariant[]
  /** How many cases of a group must run in each variant. Default: those of {@link BACKEND_CASES}, which are all. */
  readonly cases?: Partial<BackendCases>
  /** Size of the large object, bytes. Default 5 MiB. */
  readonly largeBytes?: number
  /** Writers that race for one key. Default 16. */
  readonly writers?: number
  /** Time limit of one case, ms. Default: the runner's own. */
  readonly timeout?: number
}

export interface SuiteContext {
  /** A fresh instance that ends with the test. */
  readonly open: BackendFactory
  /** A fresh instance that the caller ends. */
  readonly openShared: BackendFactory
  readonly largeBytes: number
  readonly writers: number
}

const ALL = Object.keys(BACKEND_VARIANTS) as BackendVariant[]

/**
 * The laws of `Backend` as cases of vitest, for any backend. Declared capabilities decide what a case expects: what
 * is declared must work, what is not must be refused with kind `unsupported`. What fails names the law.
 */
export function describeBackend(
  name: string,
  factory: BackendFactory,
  options: DescribeBackendOptions = {},
): void {
  const { variants = ALL, cases, timeout } = options
  describe(`backend ${name}`, timeout === undefined ? {} : { timeout }, () => {
    for (const variant of variants)
      describe(variant, () =>
        suite(new Cases(name), factoryOf(variant, factory), { ...BACKEND_CASES, ...cases }, options),
      )
  })
}

function suite(
  cases: Cases,
  factory: BackendFactory,
  expected: BackendCases,
  { largeBytes = 5 * 1024 * 1024, writers = 16 }: DescribeBackendOptions,
): void {
  const opened: BackendUnderTest[] = []
  afterEach(async () => {
    for (let subject = opened.pop(); subject; subject = opened.pop()) await subject.dispose()
  })
  const open = async () => {
    const subject = await factory()
    opened.push(subject)
    return subject
  }
  const context: SuiteContext = { open, openShared: factory, largeBytes, writers }
  cases.group('round trip', (law) => roundTrip(context, law))
  cases.group('atomic writes', (law) => {
    atomicWrites(context, law)
    singlePieces(context, law)
  })
  cases.group('exclusive writes', (law) => exclusiveWrites(context, law))
  cases.group('listing', (law) => listing(context, law))
  cases.group('deletion', (law) => deletion(context, law))
  cases.group('errors', (law) => errorKinds(context, law))
  cases.group('capabilities', (law) => undeclared(context, law))
  cases.close(expected)
}
