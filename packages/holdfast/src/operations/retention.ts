import type { Hold, KeyState, Manifest } from '@holdfast/core'
import type {
  Explanation,
  KnownPolicy,
  Policy,
  PolicyOptions,
  Simulation,
  SimulationRequest,
} from '@holdfast/plugin-retention'
import { answering, type Operation } from './operation.ts'
import { serviceOf } from './services.ts'

export const policies: Operation<object, KnownPolicy, { readonly policies: number }> = async function* ({
  node,
}) {
  const known = node.service('retention').list()
  yield* known
  return { policies: known.length }
}

export interface SetRequest {
  readonly policy: PolicyOptions
}

export const set = answering<SetRequest, Policy>(async ({ node, signal }, { policy }) => {
  return await node.service('retention').set(policy, { signal })
})

export interface RemoveRequest {
  readonly id: string
}

export const remove = answering<RemoveRequest, { readonly removed: boolean }>(
  async ({ node, signal }, { id }) => {
    return { removed: await node.service('retention').remove(id, { signal }) }
  },
)

export const simulate = answering<SimulationRequest, Simulation>(async ({ node, signal }, request) => {
  return await node.service('retention').simulate(request, { signal })
})

export interface ExplainRequest {
  readonly path: string
}

/** What becomes of a file; without retention on the node only its state and its holds. */
export type Explained =
  | ({ readonly by: 'retention' } & Explanation)
  | {
      readonly by: 'manifest'
      readonly path: string
      readonly state: KeyState['state'] | 'unknown'
      readonly entry?: ReturnType<Manifest['entry']>
      readonly holds: readonly Hold[]
    }

export const explain = answering<ExplainRequest, Explained>(async ({ node, signal }, { path }) => {
  const retention = serviceOf(node, 'retention')
  if (retention) return { by: 'retention', ...(await retention.explain(path, { signal })) }
  const manifest = node.service('manifest')
  const entry = await node.files.stat(path)
  const condemned = manifest.condemned({ prefix: path }).items.find((one) => one.entry?.path === path)
  const state = entry ? 'live' : condemned ? 'condemned' : 'unknown'
  const holds = entry ? manifest.holds.covering({ path: entry.path }) : []
  return { by: 'manifest', path, state, ...(entry && { entry }), holds }
})
