import {
  type ActContext,
  type ChunkOutcome,
  type Clock,
  definePlugin,
  duration,
  type Files,
  MAX_BATCH_OPS,
  type Manifest,
  type PlainJob,
  type PlanContext,
  type PlanItem,
  type Plugin,
  type PluginSpec,
  type Storage,
  totalsOf,
} from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import type { DescribePluginOptions } from '@holdfast/testkit'

export type SweeperServices = {
  readonly manifest: Manifest
  readonly files: Files
  readonly backend: Storage
}

/** The parts of a job that a flaw may replace. */
export interface SweeperJob {
  readonly name: string
  readonly doc: string
  readonly action: 'condemn'
  plan(request: object, context: PlanContext<SweeperServices>): AsyncIterable<readonly PlanItem[]>
  act(chunk: readonly PlanItem[], context: ActContext<SweeperServices>): Promise<ChunkOutcome>
  check?(request: object): readonly string[]
}

/** The same as a job without a plan. */
export type PlainSweeper = PlainJob<SweeperServices>

const KNOBS = {
  maxAge: duration({ doc: 'Files whose newest row is older than this go.', default: '30d' }),
}
type Spec = PluginSpec<keyof SweeperServices, never, typeof KNOBS>

/** What a broken plugin does otherwise than the sound one. */
export interface Flaw {
  readonly spec?: Partial<Pick<Spec, 'version' | 'config' | 'failpoints'>>
  readonly options?: Record<string, unknown>
  /** In the place of parts of the sound job. */
  readonly job?: (sound: SweeperJob, clock: Clock) => Partial<SweeperJob>
  /** In the place of parts of the same job without a plan, which takes the other's place. */
  readonly plain?: (sound: PlainSweeper) => Partial<PlainSweeper>
  /** After the sound setup. */
  readonly setup?: (...args: Parameters<Spec['setup']>) => void
}

/** A small plugin that obeys every law: one job that condemns by age, with one knob. */
export function sweeper(flaw: Flaw = {}): Plugin {
  return definePlugin<keyof SweeperServices, never, typeof KNOBS>({
    name: 'holdfast-plugin-sweeper',
    id: 'sweeper',
    version: '1.0.0',
    api: '1.0',
    needs: ['manifest', 'files', 'backend'],
    config: KNOBS,
    options: { ...flaw.options },
    ...flaw.spec,
    setup(ctx) {
      const { clock, config, jobs } = ctx
      const sound: SweeperJob = {
        name: 'sweeper',
        doc: 'Deletes files whose newest row is older than maxAge.',
        action: 'condemn',
        async *plan(_, { services }) {
          yield* expired(services.manifest, clock.now() - config.maxAge)
        },
        act: condemn,
      }
      const plain: PlainSweeper = {
        name: 'sweeper',
        doc: sound.doc,
        action: 'condemn',
        async run(_, { services, gate, chunk, signal, run }) {
          const due = [...expired(services.manifest, clock.now() - config.maxAge)].flat()
          for (let from = 0; from < due.length; from += MAX_BATCH_OPS) {
            const fence = await gate()
            const items = due.slice(from, from + MAX_BATCH_OPS)
            const { done, skipped } = await condemn(items, { services, fence, run, signal })
            await chunk({ ...done, skipped })
          }
        },
      }
      if (flaw.plain) jobs.define({ ...plain, ...flaw.plain(plain) } as PlainSweeper)
      else jobs.define({ ...sound, ...flaw.job?.(sound, clock) })
      return flaw.setup?.(ctx)
    },
  })
}

function* expired(manifest: Manifest, before: number): Generator<PlanItem[]> {
  for (const { namespace } of manifest.namespaces().items)
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page = manifest.entriesByAge({ namespace, before, ...(after !== undefined && { after }) })
      after = page.next
      yield page.items.map(({ path, key, generation, size }) => ({
        path,
        key,
        generation,
        namespace,
        size,
        reason: 'swept',
      }))
    }
}

/** One chunk as one batch. */
export async function condemn(
  chunk: readonly PlanItem[],
  {
    services: { manifest },
    fence,
    run,
    signal,
  }: Pick<ActContext<SweeperServices>, 'services' | 'fence' | 'run' | 'signal'>,
): Promise<ChunkOutcome> {
  const ops = chunk.map(({ key, generation, reason }) => ({
    type: 'condemn' as const,
    key,
    generation,
    delay: 0,
    reason,
    run,
  }))
  const { outcomes } = await manifest.commit({ ops, fence }, { signal })
  return { done: totalsOf(chunk.filter((_, index) => outcomes[index]?.status === 'done')), skipped: {} }
}

const NOW = Date.UTC(2026, 5, 1)
const OLD = NOW - 31 * 86_400_000

/** What the suite is told of the sweeper, and of each broken one. */
export function surroundings(factory: (options: object) => Plugin): DescribePluginOptions {
  return {
    now: NOW,
    packageJson: {
      name: 'holdfast-plugin-sweeper',
      version: '1.0.0',
      keywords: ['holdfast-plugin'],
      exports: { '.': { types: './index.d.ts', default: './index.js' } },
      peerDependencies: { '@holdfast/core': '^0.1.0' },
    },
    module: { plugin: factory },
    node: ({ dataDir }) => [manifest({ dataDir })],
    async prepare(node, files) {
      const paths = Array.from({ length: files }, (_, index) => `old/${index}`)
      await Promise.all(paths.map((path) => node.files.write(path, path, { minTime: OLD, maxTime: OLD })))
    },
  }
}
