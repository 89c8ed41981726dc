import type { Recorded, RecordedBatch } from '../packages/manifest/src/format/record.ts'
import { Violation } from './violation.ts'

/** Ops that only the holder of a role may have done. */
const FENCED: readonly string[] = ['doom', 'erased', 'forget']

/** Reads every record of a shared log as it comes, and knows by that who held which role when. */
export class Tenures {
  readonly #roles = new Map<string, { readonly holder: string; readonly epoch: number }>()
  readonly #seen = new Set<string>()

  /** What takes effect under a role was proposed by the node that holds it. */
  judge({ origin, batches }: Recorded, index: number): void {
    for (const batch of batches) {
      if (this.#seen.has(batch.id)) continue
      this.#seen.add(batch.id)
      this.#judgeBatch(batch, origin, index)
    }
  }

  #judgeBatch({ ops, fence }: RecordedBatch, origin: string, index: number): void {
    const tenure = fence && this.#roles.get(fence.role)
    if (fence && fence.epoch === (tenure?.epoch ?? 0) && tenure?.holder !== origin)
      throw new Violation(
        `record ${index}: ${origin} acts as ${fence.role}, which ${tenure?.holder ?? 'nobody'} is`,
      )
    for (const op of ops) {
      const isJobs = op.type === 'condemn' && op.reason.startsWith('retention:')
      if (!fence && (isJobs || FENCED.includes(op.type)))
        throw new Violation(`record ${index}: ${origin} has a ${op.type} without any role`)
      if (op.type === 'role' && op.epoch === (this.#roles.get(op.name)?.epoch ?? 0) + 1)
        this.#roles.set(op.name, { holder: op.holder, epoch: op.epoch })
    }
  }
}
