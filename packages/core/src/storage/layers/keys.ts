import { HoldfastError } from '../../errors.ts'
import { parseKey, RESERVED_FOLDER } from '../../paths.ts'
import type { Backend } from '../backend.ts'
import { overlay } from './calls.ts'

const RECORDS = `${RESERVED_FOLDER}/`

/**
 * Lets only keys through that the store can keep: well formed, within its limits, and no more of them in one `delete`
 * than it takes. A store's own records lie below the reserved folder; their names are keys too.
 * @throws HF_KEY_INVALID; HF_BACKEND (kind invalid) for a delete of too many. Nothing was done
 */
export function checkedKeys(backend: Backend): Backend {
  const check = (key: string) => {
    const { keyBytes, segmentBytes } = backend.limits
    const bytes = { bytes: keyBytes, ...(segmentBytes !== undefined && { segmentBytes }) }
    parseKey(typeof key === 'string' && key.startsWith(RECORDS) ? key.slice(RECORDS.length) : key, bytes)
  }
  return overlay(backend, {
    async write(key, source, options) {
      check(key)
      return backend.write(key, source, options)
    },
    async read(key, options) {
      check(key)
      return backend.read(key, options)
    },
    async stat(key, options) {
      check(key)
      return backend.stat(key, options)
    },
    async delete(targets, options) {
      const { deleteBatch } = backend.limits
      if (targets.length > deleteBatch)
        throw new HoldfastError(
          'HF_BACKEND',
          `${targets.length} targets are more than the ${deleteBatch} of one delete; give them in several`,
          { kind: 'invalid', operation: 'backend.delete', context: { deleteBatch } },
        )
      for (const { key } of targets) check(key)
      return backend.delete(targets, options)
    },
  })
}
