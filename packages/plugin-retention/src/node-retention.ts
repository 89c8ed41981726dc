import {
  type Audit,
  type CallOptions,
  type FileInspection,
  type Files,
  HoldfastError,
  type Inspected,
  type Limits,
  type Manifest,
  parsePath,
  type SetOp,
} from '@holdfast/core'
import { type KnownPolicy, type PolicyBook, policyInvalid, removeOp, setOp } from './book.ts'
import { explain } from './explain.ts'
import { type Policy, type PolicyOptions, readPolicy, setProblems } from './policy.ts'
import type { Explanation, Retention, Simulation, SimulationRequest } from './service.ts'
import { simulate } from './simulate.ts'
import { type Returned, undoPath, undoRun } from './undo.ts'

export interface RetentionParts {
  readonly book: PolicyBook
  readonly manifest: Manifest
  readonly files: Files
  readonly audit: Audit
  readonly now: () => number
  readonly limits: Limits
  readonly schedule: string
  readonly inspection: FileInspection
}

/** The service of a node. */
export class NodeRetention implements Retention {
  readonly #parts: RetentionParts

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  list(): readonly KnownPolicy[] {
    return this.#parts.book.all()
  }

  async set(given: PolicyOptions, options: CallOptions = {}): Promise<Policy> {
    const { book, manifest, audit } = this.#parts
    const operation = 'retention.set'
    const { policy, problems } = readPolicy(given, `policy ${given?.id}`)
    if (!policy || problems.length > 0) throw policyInvalid(problems, operation)
    await manifest.barrier(options)
    this.#refuseDeclared(policy.id, operation)
    const others = book.readable().filter(({ id }) => id !== policy.id)
    const wrong = setProblems([...others, policy], [policy])
    if (wrong.length > 0) throw policyInvalid(wrong, operation)
    await this.#commit(setOp(policy, false), options)
    audit.emit('policy_set', { policy: policy.id, to: policy })
    return policy
  }

  async remove(id: string, options: CallOptions = {}): Promise<boolean> {
    const { book, manifest, audit } = this.#parts
    await manifest.barrier(options)
    this.#refuseDeclared(id, 'retention.remove')
    if (!book.has(id)) return false
    await this.#commit(removeOp(id), options)
    audit.emit('policy_removed', { policy: id })
    return true
  }

  async forget(node: string, options: CallOptions = {}): Promise<boolean> {
    const { book, manifest, audit } = this.#parts
    await manifest.barrier(options)
    const [op] = book.forgetting(node)
    if (!op) return false
    await this.#commit(op, options)
    audit.emit('policies_forgotten', { of: node })
    return true
  }

  explain(path: string, options: CallOptions = {}): Promise<Explanation> {
    return explain(path, this.#parts, options)
  }

  simulate(request: SimulationRequest, options: CallOptions = {}): Promise<Simulation> {
    return simulate(request, this.#parts, options)
  }

  async inspect(given: string, options: CallOptions = {}): Promise<Inspected> {
    const { manifest, inspection } = this.#parts
    const path = parsePath(given)
    const entry = manifest.entry(path)
    if (entry) return inspection.inspect(entry, options)
    throw new HoldfastError('HF_FILE_NOT_FOUND', `there is no file ${path}`, {
      operation: 'retention.inspect',
      context: { path },
    })
  }

  async undo(what: string | { readonly run: string }, options: CallOptions = {}): Promise<Returned> {
    return typeof what === 'string'
      ? undoPath(what, this.#parts, options)
      : undoRun(what.run, this.#parts, options)
  }

  #refuseDeclared(id: string, operation: string): void {
    const nodes = this.#parts.book.declaring(id)
    if (nodes.length === 0) return
    throw new HoldfastError(
      'HF_POLICY_DECLARED',
      `policy ${id} is declared in the configuration of ${nodes.join(', ')}, and changed there`,
      { operation, context: { policy: id, nodes } },
    )
  }

  async #commit(op: SetOp, options: CallOptions): Promise<void> {
    await this.#parts.manifest.commit({ ops: [op] }, options)
  }
}
