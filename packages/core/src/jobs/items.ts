import { createHash, type Hash } from 'node:crypto'
import { inspect } from 'node:util'
import { HoldfastError } from '../errors.ts'
import type { PlanItem } from './plan.ts'

/** An item as a plan keeps it: a frozen copy, so that a job may use one object again and again. @throws HF_PLUGIN_FAILED */
export function ownItem(job: string, given: PlanItem): PlanItem {
  const { path, key, generation, namespace, size, rows, reason } = (given ?? {}) as PlanItem
  const texts = [path, key, reason].every((value) => typeof value === 'string' && value !== '')
  // A size that is no number would pass every limit.
  const numbers = [generation, size, rows ?? 0].every((value) => Number.isSafeInteger(value) && value >= 0)
  if (texts && numbers && typeof namespace === 'string')
    return Object.freeze({
      path,
      key,
      generation,
      namespace,
      size,
      ...(rows !== undefined && { rows }),
      reason,
    })
  throw new HoldfastError(
    'HF_PLUGIN_FAILED',
    `job ${job} plans an item that is none: ${inspect(given, { breakLength: Infinity })}`,
    { operation: `jobs.plan ${job}`, context: { job } },
  )
}

/** SHA-256 over everything that is known of each item, in their order. */
export class ItemsDigest {
  readonly #hash: Hash = createHash('sha256')

  add({ path, key, generation, namespace, size, rows, reason }: PlanItem): void {
    // As JSON no text can pass for the end of one and the begin of the next.
    this.#hash.update(`${JSON.stringify([path, key, generation, namespace, size, rows, reason])}\n`)
  }

  /** Hexadecimal. */
  end(): string {
    return this.#hash.digest('hex')
  }
}
