import type { Hold, KeyState, Manifest } from '@holdfast/core'
import type {
  Explanation,
  KnownPolicy,
  Policy,
  PolicyOptions,
  Simulation,
  SimulationRequest,
} from '@holdfast/plugin-retention'
import { answering, operation } from './operation.ts'
import { count, either, object, objects, optional, text, texts, time } from './request.ts'
import { serviceOf } from './services.ts'

export const policies = operation<object, KnownPolicy, { readonly policies: number }>(
  {},
  async function* ({ node }) {
    const known = node.service('retention').list()
    yield* known
    return { policies: known.length }
  },
)

export interface SetRequest {
  readonly policy: PolicyOptions
}

export const set = answering<SetRequest, Policy>({ policy: object }, async ({ node, signal }, { policy }) => {
  return await node.service('retention').set(policy, { signal })
})

export interface RemoveRequest {
  readonly id: string
}

export const remove = answering<RemoveRequest, { readonly removed: boolean }>(
  { id: text },
  async ({ node, signal }, { id }) => {
    return { removed: await node.service('retention').remove(id, { signal }) }
  },
)

/** A simulation, as JSON carries it. */
export type SimulateRequest = Omit<SimulationRequest, 'asOf'> & {
  /** Milliseconds since 1970 UTC. */
  readonly asOf?: number
}

const SIMULATE = {
  maxAge: optional(either(text, count)),
  policies: optional(texts),
  set: optional(objects),
  asOf: optional(time),
}

export const simulate = answering<SimulateRequest, Simulation>(SIMULATE, async (call, request) => {
  const { node, signal } = call
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

export const explain = answering<ExplainRequest, Explained>({ path: text }, async (call, { path }) => {
  const { node, signal } = call
  const retention = serviceOf(node, 'retention')
  if (retention) return { by: 'retention', ...(await retention.explain(path, { signal })) }
  const manifest = node.service('manifest')
  const entry = await node.files.stat(path)
  const condemned = manifest.condemned({ prefix: path }).items.find((one) => one.entry?.path === path)
  const state = entry ? 'live' : condemned ? 'condemned' : 'unknown'
  const holds = entry ? manifest.holds.covering({ path: entry.path }) : []
  return { by: 'manifest', path, state, ...(entry && { entry }), holds }
})
