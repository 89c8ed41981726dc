import { createHash } from 'node:crypto'
import { HoldfastError, type JsonValue, type Manifest, type SetOp } from '@holdfast/core'
import { pages } from './judge.ts'
import { asSetting, type Policy, readPolicy, unreadable } from './policy.ts'

const POLICIES = 'retention/policy/'
const DECLARES = 'retention/declares/'

/** A policy and where it comes from. */
export interface KnownPolicy {
  readonly policy: Policy
  /** `declared`: in the configuration of nodes, and changed there. `run-time`: by a call, on any node. */
  readonly source: 'declared' | 'run-time'
  /** The nodes that declare it, by what they have said. */
  readonly nodes: readonly string[]
  /** Whether it stands in the settings, and so on every node. */
  readonly shared: boolean
}

interface Stored {
  readonly policy: Policy
  readonly declared: boolean
}

/**
 * The policies of a node: those that stand in the settings, which all nodes share, and those of its own configuration.
 * Read anew whenever they are asked for; what somebody changes counts from the next chunk on.
 */
export class PolicyBook {
  readonly #own: ReadonlyMap<string, Policy>
  readonly #manifest: Manifest

  constructor(own: readonly Policy[], manifest: Manifest) {
    this.#own = new Map(own.map((policy) => [policy.id, policy]))
    this.#manifest = manifest
  }

  /** In the order of their ids. @throws HF_POLICY_CONFLICT: nobody knows what may go */
  all(): readonly KnownPolicy[] {
    const stored = this.#stored()
    const declares = this.#declares()
    refuseConflicts(declares, stored, this.#own)
    const ids = [...new Set([...stored.keys(), ...this.#own.keys()])].sort()
    return ids.map((id) => {
      const own = this.#own.get(id)
      const there = stored.get(id)
      const nodes = [...declares].flatMap(([node, digests]) => (digests.has(id) ? node : []))
      const shared = there !== undefined && (own === undefined || isSame(there.policy, own))
      const policy = own ?? (there as Stored).policy
      return { policy, source: own || there?.declared ? 'declared' : 'run-time', nodes, shared } as const
    })
  }

  policies(): readonly Policy[] {
    return this.all().map(({ policy }) => policy)
  }

  /** Those that can be read, whatever nodes disagree about: what a new one has to go with. */
  readable(): readonly Policy[] {
    const stored = this.#stored({ lenient: true })
    const others = [...stored.values()].map(({ policy }) => policy).filter(({ id }) => !this.#own.has(id))
    return [...others, ...this.#own.values()]
  }

  /** Nodes that declare this policy, as far as they have said so. */
  declaring(id: string): readonly string[] {
    return [...this.#declares()].flatMap(([node, digests]) => (digests.has(id) ? node : []))
  }

  /** What this node has to say of its own configuration, if it has not said it yet. */
  declaration(): readonly SetOp[] {
    const { nodeId } = this.#manifest
    const name = DECLARES + nodeId
    const value = Object.fromEntries([...this.#own].map(([id, policy]) => [id, digestOf(policy)]))
    const said = this.#manifest.setting(name)?.value
    if (JSON.stringify(said ?? {}) === JSON.stringify(value)) return []
    return [{ type: 'set', name, ...(this.#own.size > 0 && { value }) }]
  }

  /**
   * What is left to do for the settings to hold what is declared, and nothing that nobody declares any more. For a node
   * that the gate allows. Nothing, as long as nodes declare different things.
   */
  sharing(): readonly SetOp[] {
    const stored = this.#stored({ lenient: true })
    const declares = this.#declares()
    if (conflictsOf(declares).size > 0) return []
    const set = [...this.#own.values()].flatMap((policy): SetOp[] => {
      const there = stored.get(policy.id)
      return there?.declared && isSame(there.policy, policy) ? [] : [setOp(policy, true)]
    })
    const declared = new Set([...declares.values()].flatMap((digests) => [...digests.keys()]))
    const gone = [...stored].flatMap(([id, { declared: was }]) =>
      was && !declared.has(id) ? [removeOp(id)] : [],
    )
    return [...set, ...gone]
  }

  /** Forgets what a node declares: for one that never comes back. */
  forgetting(node: string): readonly SetOp[] {
    const name = DECLARES + node
    return this.#manifest.setting(name) === undefined ? [] : [{ type: 'set', name }]
  }

  has(id: string): boolean {
    return this.#manifest.setting(POLICIES + id) !== undefined
  }

  #stored({ lenient = false } = {}): Map<string, Stored> {
    const stored = new Map<string, Stored>()
    const query = { prefix: POLICIES }
    for (const page of pages((after) => this.#manifest.settings({ ...query, ...after })))
      for (const { name, value } of page) {
        const id = name.slice(POLICIES.length)
        const { policy, declared } = (value ?? {}) as { policy?: unknown; declared?: unknown }
        const read = readPolicy(policy, `policy ${id}`)
        if (read.policy && read.problems.length === 0 && read.policy.id === id)
          stored.set(id, { policy: read.policy, declared: declared === true })
        else if (!lenient) {
          const problems = read.problems.length > 0 ? read.problems : ['it stands under another id']
          stored.set(id, { policy: unreadable(id, policy, problems), declared: declared === true })
        }
      }
    return stored
  }

  /** By node, its own as its configuration is now. */
  #declares(): ReadonlyMap<string, ReadonlyMap<string, string>> {
    const declares = new Map<string, ReadonlyMap<string, string>>()
    const query = { prefix: DECLARES }
    for (const page of pages((after) => this.#manifest.settings({ ...query, ...after })))
      for (const { name, value } of page)
        declares.set(name.slice(DECLARES.length), new Map(Object.entries((value ?? {}) as object)))
    const { nodeId } = this.#manifest
    declares.delete(nodeId)
    if (this.#own.size > 0)
      declares.set(nodeId, new Map([...this.#own].map(([id, policy]) => [id, digestOf(policy)])))
    return declares
  }
}

export function setOp(policy: Policy, declared: boolean): SetOp {
  const value: JsonValue = { policy: asSetting(policy), ...(declared && { declared }) }
  return { type: 'set', name: POLICIES + policy.id, value }
}

export function removeOp(id: string): SetOp {
  return { type: 'set', name: POLICIES + id }
}

function digestOf(policy: Policy): string {
  const fields = Object.entries(policy).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 32)
}

function isSame(a: Policy, b: Policy): boolean {
  return digestOf(a) === digestOf(b)
}

/** Ids that nodes declare differently, and who does. */
function conflictsOf(
  declares: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Map<string, ReadonlySet<string>> {
  const said = new Map<string, Map<string, string[]>>()
  for (const [node, digests] of declares)
    for (const [id, digest] of digests) {
      const variants = said.get(id) ?? new Map<string, string[]>()
      variants.set(digest, [...(variants.get(digest) ?? []), node])
      said.set(id, variants)
    }
  return new Map(
    [...said]
      .filter(([, variants]) => variants.size > 1)
      .map(([id, variants]) => [id, new Set([...variants.values()].flat())]),
  )
}

function refuseConflicts(
  declares: ReadonlyMap<string, ReadonlyMap<string, string>>,
  stored: ReadonlyMap<string, Stored>,
  own: ReadonlyMap<string, Policy>,
): void {
  const conflicts = conflictsOf(declares)
  // What another node declares anew does not stand until that node may act; until then it differs from what stands.
  // That holds for a run-time policy as well: it may have been set before the other node came with its own.
  for (const [id, { policy }] of stored) {
    if (own.has(id) || policy.problems) continue
    const nodes = [...declares].filter(
      ([, digests]) => (digests.get(id) ?? digestOf(policy)) !== digestOf(policy),
    )
    if (nodes.length > 0) conflicts.set(id, new Set(nodes.map(([node]) => node)))
  }
  const known = (id: string) => stored.has(id) || own.has(id)
  // It may keep what all others would let go.
  for (const [node, digests] of declares)
    for (const id of digests.keys())
      if (!known(id)) conflicts.set(id, new Set([...(conflicts.get(id) ?? []), node]))
  if (conflicts.size === 0) return
  const policies = [...conflicts.keys()].sort()
  const nodes = [...new Set([...conflicts.values()].flatMap((names) => [...names]))].sort()
  throw new HoldfastError(
    'HF_POLICY_CONFLICT',
    `policies ${policies.join(', ')} are declared by nodes ${nodes.join(', ')}, and known otherwise or not at all elsewhere`,
    { operation: 'retention', context: { policies, nodes } },
  )
}

export function policyInvalid(problems: readonly string[], operation: string): HoldfastError {
  return new HoldfastError('HF_POLICY_INVALID', `this policy cannot be: ${problems.join('; ')}`, {
    operation,
    context: { problems },
  })
}
