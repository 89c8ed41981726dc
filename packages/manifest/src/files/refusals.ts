import {
  type ErrorCode,
  type FilePath,
  type Hold,
  HoldfastError,
  type OpOutcome,
  type StorageKey,
} from '@holdfast/core'
import { holdsOf } from '../holds.ts'
import type { Opened } from '../opened.ts'

interface Subject {
  readonly operation: string
  readonly path: FilePath
  readonly key?: StorageKey | undefined
}

/** The error for an op of `files` that apply skipped, or would skip. */
export function refusal(opened: Opened, outcome: OpOutcome | undefined, subject: Subject): HoldfastError {
  const { operation, path, key } = subject
  const found = whatIsThere(opened, outcome, subject)
  const [code, message] = why(outcome, subject, found)
  const context = { path, ...(key && { key }), outcome, ...found }
  return new HoldfastError(code, message, { operation, context })
}

interface Found {
  /** The rules that keep the file. */
  readonly holds?: readonly Hold[]
  /** The replacement that has to be undone as a whole. */
  readonly replacement?: number
  /** What is in the way, and until when at the earliest, if it is on its way out. */
  readonly with?: string
  readonly until?: number
}

function whatIsThere(opened: Opened, outcome: OpOutcome | undefined, { path, key }: Subject): Found {
  if (outcome?.status !== 'skipped') return {}
  const { state } = opened
  switch (outcome.reason) {
    case 'held': {
      const entry = state.entry(path)
      return { holds: holdsOf(opened, { path, key: key ?? entry?.key ?? path, namespace: entry?.namespace }) }
    }
    case 'replaced': {
      const known = key && state.key(key)
      return known && 'replacement' in known && known.replacement !== undefined
        ? { replacement: known.replacement }
        : {}
    }
    case 'conflict': {
      const name = key ? state.conflict(path, key) : state.pathConflict(path)
      const known = name === undefined ? undefined : state.key(name as StorageKey)
      return {
        ...(name !== undefined && { with: name }),
        ...(known?.state === 'condemned' && { until: known.notBefore }),
      }
    }
    default:
      return {}
  }
}

function why(outcome: OpOutcome | undefined, { path, key }: Subject, found: Found): [ErrorCode, string] {
  if (outcome?.status !== 'skipped') return ['HF_COMMIT_FAILED', `nothing is known of what became of ${path}`]
  switch (outcome.reason) {
    case 'exists':
      return ['HF_PATH_EXISTS', `${path} is a file already`]
    case 'conflict': {
      const until = found.until === undefined ? '' : ` until ${new Date(found.until).toISOString()} at least`
      const at = found.with === undefined ? '' : `: ${found.with} is in the way${until}`
      return ['HF_PATH_CONFLICT', `${path} would be a file and a folder at once${at}`]
    }
    case 'retired':
      return [
        'HF_KEY_RETIRED',
        `the key ${key} was used before (it is ${outcome.state}); write the file anew`,
      ]
    case 'held':
      return ['HF_HELD', `${path} is kept by ${found.holds?.map(nameOf).join(', ') || 'a hold'}`]
    case 'changed':
      return ['HF_INPUT_CHANGED', `${path} was changed by somebody else; look at it again`]
    case 'replaced':
      return ['HF_INPUT_CHANGED', `${path} was replaced ${howToUndo(found)}`]
    case 'doomed':
      return ['HF_DOOMED', `${path} is being erased and cannot come back`]
    case 'absent':
    case 'early':
    case 'listed':
    case 'known':
      return ['HF_FILE_NOT_FOUND', `${path} is not a file that this could be done to`]
  }
}

function howToUndo({ replacement }: Found): string {
  return replacement === undefined
    ? 'by files that are gone'
    : `and comes back with the whole replacement only: files.undo({ replacement: ${replacement} })`
}

function nameOf({ id, owner }: Hold): string {
  return `hold ${id} of ${owner}`
}
