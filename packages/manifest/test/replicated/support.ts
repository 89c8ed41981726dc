import type { HoldfastError, Manifest } from '@holdfast/core'
import { type ManifestOptions, manifest } from '@holdfast/manifest'
import {
  type ClusterNode,
  type MemoryCluster,
  type MemoryClusterOptions,
  memoryCluster,
} from '@holdfast/testkit'
import { onTestFinished } from 'vitest'
import type { Opened } from '../../src/opened.ts'
import type { Shared } from '../../src/replicated/shared.ts'
import { openedOf } from '../opened.ts'
import { noErasing, T0 } from '../support.ts'

export interface TestClusterOptions
  extends Partial<ManifestOptions>,
    Partial<Omit<MemoryClusterOptions, 'plugins'>> {
  /** Lets the erasers work. */
  readonly erasing?: boolean
  readonly extra?: MemoryClusterOptions['plugins']
}

/** A started cluster that ends with the test. */
export async function testCluster(options: TestClusterOptions = {}): Promise<MemoryCluster> {
  const { nodes, topology, log, erasing = false, extra = () => [], ...rest } = options
  const cluster = await memoryCluster({
    now: T0,
    ...(nodes !== undefined && { nodes }),
    ...(topology !== undefined && { topology }),
    ...(log !== undefined && { log }),
    plugins: (place) => [
      manifest({ ...rest, dataDir: place.dataDir }),
      ...extra(place),
      ...(erasing ? [] : [noErasing()]),
    ],
  })
  onTestFinished(() => cluster[Symbol.asyncDispose]())
  return cluster
}

export const manifestOf = (node: ClusterNode): Manifest => node.node.service('manifest')
export const opened = (node: ClusterNode): Opened => openedOf(node.node)

/** What a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<HoldfastError> {
  return promise.then(
    (value) => {
      throw new Error(`it was not rejected, but resolved with ${JSON.stringify(value)}`)
    },
    (error: HoldfastError) => error,
  )
}

/** The three nodes of a cluster. */
export function nodesOf({ nodes }: MemoryCluster): [ClusterNode, ClusterNode, ClusterNode] {
  return [nodes[0]!, nodes[1]!, nodes[2]!]
}

/** What a node has instead of a log of its own. */
export function shared(node: ClusterNode): Shared {
  const { shared: found } = opened(node) as Opened & { readonly shared?: Shared }
  if (!found) throw new TypeError(`${node.id} has a log of its own`)
  return found
}
