import {
  createNode,
  definePlugin,
  type HoldfastNode,
  type ManifestEvent,
  type NodeOptions,
  type Plugin,
  type TapContext,
  type TapOptions,
} from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { onTestFinished } from 'vitest'
import { plugin } from '../support.ts'
import { MemoryBatches } from './memory-batches.ts'

/** A node over a log in memory. */
export async function hookNode(
  plugins: readonly Plugin[],
  options: Partial<NodeOptions> & { readonly batches?: MemoryBatches; readonly clock?: FakeClock } = {},
): Promise<{ node: HoldfastNode; batches: MemoryBatches; clock: FakeClock }> {
  const { batches = new MemoryBatches(), clock = new FakeClock(), ...rest } = options
  const source = definePlugin({
    name: 'test-batches',
    id: 'batches',
    version: '1.0.0',
    api: '1.0',
    provides: ['batches'],
    setup: ({ provide }) => provide('batches', () => batches),
  })
  const node = createNode({ plugins: [source, ...plugins], id: 'n', log: 'silent', clock, ...rest })
  await node.start()
  onTestFinished(async () => {
    const stopped = node.stop()
    // A tap that hangs is left behind when the deadline has passed.
    await clock.advance(60_000)
    await stopped
  })
  return { node, batches, clock }
}

/** A plugin that writes down the batches it gets, and may do something about each. */
export function follower(
  id: string,
  seen: string[],
  act: (name: string, context: TapContext) => unknown = () => undefined,
  options: TapOptions = {},
): Plugin {
  return plugin(id, ({ hooks }) =>
    hooks.onManifestBatch.tap(options, async (event, context) => {
      const name = nameOf(event)
      seen.push(name)
      await act(name, context)
    }),
  )
}

export function nameOf(event: ManifestEvent): string {
  return event.type === 'reset' ? `reset at ${event.position.index}` : event.id
}

/** A promise that a test settles. */
export function held(): { promise: Promise<undefined>; release: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  return { promise, release: () => resolve(undefined) }
}
