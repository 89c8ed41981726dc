import { type ErrorCode, type FilePath, HoldfastError, type OpOutcome, type StorageKey } from '@holdfast/core'

interface Subject {
  readonly operation: string
  readonly path: FilePath
  readonly key?: StorageKey
}

/** The error for an op of `files` that apply skipped. */
export function refusal(outcome: OpOutcome | undefined, subject: Subject): HoldfastError {
  const [code, message] = why(outcome, subject)
  const context = { path: subject.path, ...(subject.key && { key: subject.key }), outcome }
  return new HoldfastError(code, message, { operation: subject.operation, context })
}

function why(outcome: OpOutcome | undefined, { path, key }: Subject): [ErrorCode, string] {
  if (outcome?.status !== 'skipped') return ['HF_COMMIT_FAILED', `nothing is known of what became of ${path}`]
  switch (outcome.reason) {
    case 'exists':
      return ['HF_PATH_EXISTS', `${path} is a file already; delete it first`]
    case 'conflict':
      return [
        'HF_PATH_CONFLICT',
        `${path} would be a file and a folder at once, by itself or by one of its folders`,
      ]
    case 'retired':
      return [
        'HF_KEY_RETIRED',
        `the key ${key} was used before (it is ${outcome.state}); write the file anew`,
      ]
    case 'changed':
    case 'replaced':
      return ['HF_INPUT_CHANGED', `${path} was changed by somebody else; look at it again`]
    case 'doomed':
      return ['HF_DOOMED', `${path} is being erased and cannot come back`]
    case 'absent':
    case 'early':
    case 'listed':
    case 'known':
      return ['HF_FILE_NOT_FOUND', `${path} is not a file that this could be done to`]
  }
}
