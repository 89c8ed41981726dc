import type { HoldfastNode, Plugin } from '@holdfast/core'
import { FaultPlan } from '../faults/fault-plan.ts'
import { withFaults } from '../faults/faulty-backend.ts'
import { createTestNode, type TestNode } from '../test-node/create-test-node.ts'
import { ingredientsIn, nodeIn, removePlace, type TestPlace, temporaryPlace } from '../test-node/place.ts'
import { breaks, type Law } from './laws.ts'
import { type Observed, observed } from './observed.ts'
import type { DescribePluginOptions, PluginFactory } from './options.ts'
import { drain } from './settle.ts'

/** Files of a run of one chunk. */
export const FEW = 3

export interface OpenOptions {
  /** Plugins of the suite, after the one under test. */
  readonly beside?: readonly Plugin[]
  /** Files that the jobs find. Default {@link FEW}. */
  readonly files?: number
}

/** A started node with the plugin under test in it. */
export interface Opened extends AsyncDisposable {
  readonly test: TestNode
  readonly node: HoldfastNode
  readonly seen: Observed
  readonly faults: FaultPlan
}

/** The plugin under test, and what the cases do with it. */
export class Subject {
  readonly factory: PluginFactory
  readonly options: DescribePluginOptions

  constructor(factory: PluginFactory, options: DescribePluginOptions) {
    this.factory = factory
    this.options = options
  }

  breaks(law: Law, how: string): string {
    return breaks(law, this.#named(), how)
  }

  /** A broken factory still has to be named. */
  #named(): Pick<Plugin, 'name'> {
    try {
      return this.factory()
    } catch {
      return { name: 'the plugin' }
    }
  }

  request(job: string): object {
    return this.options.requests?.[job] ?? {}
  }

  /** Whether its node has what hooks are delivered from. */
  delivers(): boolean {
    using at = placeFor(this)
    const { plugins } = ingredientsIn(at.place, this.options.node ?? [])
    return [...plugins, this.factory()].some(({ provides }) => provides.includes('batches'))
  }

  /** Puts the plugin, or another in its stead, into a node that is not started. */
  assemble(
    place: TestPlace,
    plugin: Plugin = this.factory(),
    {
      before = [],
      behind = [],
    }: { readonly before?: readonly Plugin[]; readonly behind?: readonly Plugin[] } = {},
  ): { readonly node: HoldfastNode } {
    const surroundings = this.options.node ?? (() => [])
    const { plugins } = ingredientsIn(place, (at) => [...surroundings(at), ...before, plugin, ...behind])
    return { node: nodeIn(place, plugins) }
  }

  /** A started node whose jobs have something to do. */
  async open({ beside = [], files = FEW }: OpenOptions = {}): Promise<Opened> {
    const { plugin, seen } = observed(this.factory())
    const faults = new FaultPlan()
    const faulty = (own: Plugin) => (own.provides.includes('backend') ? withFaults(own, faults) : own)
    const { now, node: surroundings, prepare } = this.options
    const test = await createTestNode({
      ...(now !== undefined && { now }),
      plugins: (at) => [...(surroundings?.(at) ?? []), plugin, ...beside],
      around: faulty,
    })
    try {
      await prepare?.(test.node, files)
      await drain(test)
    } catch (error) {
      await test[Symbol.asyncDispose]()
      throw error
    }
    return {
      test,
      node: test.node,
      seen,
      faults,
      [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
    }
  }
}

/** A place that goes with the test. */
export function placeFor(subject: Subject): { readonly place: TestPlace } & Disposable {
  const place = temporaryPlace(subject.options.now)
  return { place, [Symbol.dispose]: () => removePlace(place) }
}

/** What a plugin registers, or why that cannot be seen. */
export type Declared =
  | { readonly ok: true; readonly plugin: Plugin; readonly seen: Observed }
  | { readonly ok: false; readonly problem: unknown }

/** Sets the plugin up once, without a start: decides which cases there are. */
export function declaredBy(subject: Subject): Declared {
  using at = placeFor(subject)
  try {
    const { plugin, seen } = observed(subject.factory())
    subject.assemble(at.place, plugin)
    return { ok: true, plugin, seen }
  } catch (problem) {
    return { ok: false, problem }
  }
}
