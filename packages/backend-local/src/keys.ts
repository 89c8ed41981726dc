import { type BackendLimits, pathProblem, RESERVED_FOLDER } from '@holdfast/core'
import { problem, type Subject } from './errors.ts'

export const LIMITS = {
  keyBytes: 1024,
  segmentBytes: 255,
  deleteBatch: 1000,
  listPage: 1000,
} as const satisfies BackendLimits

/** Where files are kept until they have their name, inside the reserved folder: the same mount as all keys. */
export const TEMP_FOLDER = `${RESERVED_FOLDER}/tmp`

const PATH_LIMITS = { bytes: LIMITS.keyBytes, segmentBytes: LIMITS.segmentBytes }

/** Says why a text cannot be a key here. The store's own records lie under the reserved folder and are keys too. */
export function keyProblem(key: string): string | undefined {
  if (typeof key !== 'string' || !key.startsWith(`${RESERVED_FOLDER}/`)) return pathProblem(key, PATH_LIMITS)
  if (key === TEMP_FOLDER || key.startsWith(`${TEMP_FOLDER}/`)) return 'it lies among the temporary files'
  return pathProblem(key.slice(RESERVED_FOLDER.length + 1), PATH_LIMITS)
}

/** @throws HF_BACKEND, kind invalid */
export function checkKey(key: string, subject: Subject): void {
  const wrong = keyProblem(key)
  if (wrong !== undefined)
    throw problem('invalid', `${JSON.stringify(key)} cannot be a key: ${wrong}`, subject)
}

/** The folder that a key or folder lies in; the root is the empty text. */
export function folderOf(key: string): string {
  const slash = key.lastIndexOf('/')
  return slash === -1 ? '' : key.slice(0, slash)
}
