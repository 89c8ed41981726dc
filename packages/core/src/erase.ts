import type { Backend } from './storage/backend.ts'
import { FULL_BACKEND } from './storage/guarded.ts'
import type { Storage } from './storage/storage.ts'

/**
 * The whole backend behind the `backend` service, `delete` included. Only the manifest's eraser may import this
 * entry point: it alone asks the authority whether a key may go. `pnpm run imports` checks that nobody else does.
 */
export function fullBackend(storage: Storage): Backend {
  const backend = (storage as unknown as Record<symbol, Backend | undefined>)[FULL_BACKEND]
  if (!backend) throw new TypeError('fullBackend takes the backend service of a node')
  return backend
}
