import type { FailpointRegistry, HoldfastNode, Plugin } from '@holdfast/core'
import type { MemoryObjects } from '../backend-memory.ts'
import type { FakeClock } from '../fake-clock.ts'
import { digestOf, type TestDigest } from './digest.ts'
import {
  ingredientsIn,
  nodeIn,
  removePlace,
  type TestPlace,
  type TestPlugins,
  temporaryPlace,
} from './place.ts'

export interface TestNodeOptions {
  /** What the node is made of, the manifest plugin included: testkit brings a backend and nothing else. */
  readonly plugins: TestPlugins
  /** Default: one in memory, unless a plugin of the list provides one. */
  readonly backend?: 'memory' | Plugin
  /** Wall time at the start. Default: that of a new {@link FakeClock}. */
  readonly now?: number | Date
  /** Default `node-1`. */
  readonly id?: string
  /** What the memory backend holds; give it also when `backend` is a memory backend of your own. Default: nothing. */
  readonly objects?: MemoryObjects
  /** Puts something around each plugin of the finished list, such as `withFaults` around the one with the backend. */
  readonly around?: (plugin: Plugin) => Plugin
}

/** A started node with everything that a test wants to hold in its hands. `await using` stops it and removes its folder. */
export interface TestNode extends AsyncDisposable {
  /** The node that runs now; another one after `restart`. */
  readonly node: HoldfastNode
  readonly clock: FakeClock
  readonly failpoints: FailpointRegistry
  readonly objects: MemoryObjects
  readonly dataDir: string
  /** A fingerprint of manifest and objects, to see that nothing has changed. */
  digest(): Promise<TestDigest>
  /** Stops the node and starts the next one in the same place, as a new process would. */
  restart(): Promise<HoldfastNode>
}

/**
 * A started node over memory, with a clock that the test moves, failpoints, a temporary folder, a fixed id, and no log.
 *
 * ```ts
 * await using test = await createTestNode({ plugins: ({ dataDir }) => [manifest({ dataDir }), mine()] })
 * await test.node.files.write('a', 'a')
 * await test.restart()
 * ```
 */
export async function createTestNode(options: TestNodeOptions): Promise<TestNode> {
  const place = temporaryPlace(options.now, options.objects)
  let life: Life
  try {
    life = await begin(place, options)
  } catch (error) {
    removePlace(place)
    throw error
  }
  return {
    ...place,
    get node() {
      return life.node
    },
    // Read from the objects where that can be done: a fault that is armed for the backend is not for the test.
    digest: () => digestOf(life.node, life.inMemory ? place.objects : undefined),
    async restart() {
      await life.node.stop()
      life = await begin(place, options)
      return life.node
    },
    async [Symbol.asyncDispose]() {
      try {
        await life.node.stop()
      } finally {
        removePlace(place)
      }
    },
  }
}

interface Life {
  readonly node: HoldfastNode
  readonly inMemory: boolean
}

async function begin(place: TestPlace, options: TestNodeOptions): Promise<Life> {
  const { plugins, inMemory } = ingredientsIn(place, options.plugins, options.backend)
  const { around = (plugin: Plugin) => plugin, id } = options
  const node = await nodeIn(place, plugins.map(around), id).start()
  return { node, inMemory: inMemory || options.objects !== undefined }
}
