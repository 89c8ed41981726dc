import {
  createNode,
  type Denial,
  definePlugin,
  type GateRequest,
  type HoldfastError,
  type HoldfastNode,
  type JobRun,
  type NodeOptions,
  type PlanItem,
  type PlannedJob,
  type Plugin,
  type PluginContext,
} from '@holdfast/core'

declare module '@holdfast/core' {
  interface Services {
    one: { readonly name: string }
    two: { readonly name: string }
    three: { readonly name: string }
  }
}

/** A plugin of this id whose only content is its setup. */
export function plugin(
  id: string,
  setup: (ctx: PluginContext<never, never, Record<never, never>>) => void = () => undefined,
): Plugin {
  return definePlugin({ name: `test-${id}`, id, version: '1.0.0', api: '1.0', setup })
}

/** A plugin that taps the gate with whatever it is given, right or wrong. */
export function tapper(id: string, answer: (request: GateRequest) => unknown): Plugin {
  return plugin(id, ({ hooks }) => hooks.gate.tap(answer as () => Promise<Denial | undefined>))
}

/** Files for a job to plan on. */
export function items(count: number): PlanItem[] {
  return Array.from({ length: count }, (_, index) => {
    const path = `ns/${String(index).padStart(6, '0')}` as PlanItem['path']
    const key = path as string as PlanItem['key']
    return { path, key, generation: index + 1, namespace: 'ns', size: 10, rows: 2, reason: 'test' }
  })
}

/** A job whose acting is up to the test. */
export function jobPlugin(
  act: PlannedJob<unknown>['act'],
  planned: readonly PlanItem[] = items(2500),
  extra: Partial<PlannedJob<unknown>> = {},
): Plugin {
  return plugin('sweeper', ({ jobs }) =>
    jobs.define({
      name: 'sweep',
      doc: 'A job of a test.',
      action: 'condemn',
      async *plan() {
        yield planned
      },
      act,
      ...extra,
    }),
  )
}

export function startNode(
  plugins: readonly Plugin[],
  options: Partial<NodeOptions> = {},
): Promise<HoldfastNode> {
  return createNode({ plugins, id: 'test-node', log: 'silent', ...options }).start()
}

/** How a run ended, or the code by which it was refused. */
export function endOf(run: Promise<JobRun>): Promise<string> {
  return run.then(
    ({ outcome }) => outcome.status,
    ({ code }: HoldfastError) => code,
  )
}

/** Lets everything that is ready run, and what becomes ready by that. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}
