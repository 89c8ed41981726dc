import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, FailpointRegistry, type HoldfastNode, type Plugin } from '@holdfast/core'
import { backendMemory, MemoryObjects } from '../backend-memory.ts'
import { FakeClock } from '../fake-clock.ts'

/** Where a test's node lives: everything that outlasts one life of it. */
export interface TestPlace {
  readonly clock: FakeClock
  readonly failpoints: FailpointRegistry
  /** What the memory backend holds. */
  readonly objects: MemoryObjects
  /** A folder of its own, for plugins that keep something on disk. */
  readonly dataDir: string
}

/** The plugins of a node, or a function that makes them: once for each life, with the folder that they may use. */
export type TestPlugins = readonly Plugin[] | ((place: { readonly dataDir: string }) => readonly Plugin[])

/** A temporary place. */
export function temporaryPlace(now?: number | Date, objects = new MemoryObjects()): TestPlace {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  return { clock: new FakeClock(now), failpoints: new FailpointRegistry(), objects, dataDir }
}

export function removePlace({ dataDir }: TestPlace): void {
  rmSync(dataDir, { recursive: true, force: true })
}

/** What a node in a place is made of. */
export interface Ingredients {
  readonly plugins: readonly Plugin[]
  /** Whether its bytes are in the place's own objects. */
  readonly inMemory: boolean
}

export function ingredientsIn(
  { objects, dataDir }: TestPlace,
  given: TestPlugins,
  backend: 'memory' | Plugin = 'memory',
): Ingredients {
  const own = typeof given === 'function' ? given({ dataDir }) : given
  if (backend !== 'memory') return { plugins: [backend, ...own], inMemory: false }
  // A list that brings its own backend says what it wants.
  if (own.some(({ provides }) => provides.includes('backend'))) return { plugins: own, inMemory: false }
  return { plugins: [backendMemory({ objects }), ...own], inMemory: true }
}

/** A node in a place, not started. */
export function nodeIn(place: TestPlace, plugins: readonly Plugin[], id = 'node-1'): HoldfastNode {
  const { clock, failpoints } = place
  // Its clock stands still, and ends no wait: a fault reaches at once who made the call.
  return createNode({ plugins, id, clock, failpoints, log: 'silent', storeRetries: 0, storeRate: 'off' })
}
