import { inspect } from 'node:util'
import { HoldfastError } from '../errors.ts'
import type { ChunkOutcome } from './definition.ts'

/**
 * What a job says that it did with a chunk of at most `most` files, read: what it leaves out, apart from `done.files`, is nothing.
 * @throws HF_PLUGIN_FAILED when it cannot be true, for the counts of a run are made of it
 */
export function readOutcome(job: string, given: unknown, most = Number.MAX_SAFE_INTEGER): ChunkOutcome {
  const { done, skipped = {} } = fieldsOf(given)
  const { files, bytes = 0, rows = 0 } = fieldsOf(done)
  const left = Object.entries(fieldsOf(skipped))
  const counts = [files, bytes, rows, ...left.map(([, count]) => count)]
  if (counts.every(isCount)) {
    const all = left.reduce((sum, [, count]) => sum + (count as number), files as number)
    if (isRecord(given) && isRecord(done) && isRecord(skipped) && all <= most)
      return {
        done: { files, bytes, rows } as ChunkOutcome['done'],
        skipped: Object.fromEntries(left) as ChunkOutcome['skipped'],
      }
  }
  const shown = inspect(given, { breakLength: Infinity })
  throw new HoldfastError(
    'HF_PLUGIN_FAILED',
    `job ${job} says that it did ${shown}${most < Number.MAX_SAFE_INTEGER ? ` with a chunk of ${most} files` : ''}; it takes { done: { files, bytes, rows }, skipped: { why: files } } with whole numbers from 0`,
    { operation: `jobs.run ${job}`, context: { job } },
  )
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}
