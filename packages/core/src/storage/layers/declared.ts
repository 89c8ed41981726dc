import { HoldfastError } from '../../errors.ts'
import type { Backend, BackendCapabilities } from '../backend.ts'
import { overlay } from './calls.ts'

/**
 * Refuses what a backend does not declare before it is asked: one that overlooked an option would do something else
 * than was meant, and call it a success.
 * @throws HF_UNSUPPORTED
 */
export function declaredOnly(backend: Backend): Backend {
  const mustDeclare = (capability: keyof BackendCapabilities, operation: string) => {
    if (backend.capabilities[capability]) return
    throw new HoldfastError('HF_UNSUPPORTED', `this backend does not declare ${capability}`, {
      operation: `backend.${operation}`,
      context: { capability },
    })
  }
  return overlay(backend, {
    async write(key, source, options) {
      if (options?.ifAbsent) mustDeclare('writeIfAbsent', 'write')
      return backend.write(key, source, options)
    },
    async read(key, options) {
      if (options?.range) mustDeclare('readRange', 'read')
      if (options?.ifVersion !== undefined) mustDeclare('readIfVersion', 'read')
      return backend.read(key, options)
    },
    async *list(options) {
      if (options?.fields?.includes('versions')) mustDeclare('listVersions', 'list')
      yield* backend.list(options)
    },
    async delete(targets, options) {
      if (targets.some(({ ifVersion }) => ifVersion !== undefined)) mustDeclare('deleteIfVersion', 'delete')
      return backend.delete(targets, options)
    },
  })
}
