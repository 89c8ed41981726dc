import { HoldfastError } from '../errors.ts'
import type { Position } from './log.ts'

/** What `append` rejects with when the head is not the expected one. */
export function logConflict(expected: Position, head: Position): HoldfastError {
  return new HoldfastError(
    'HF_LOG_CONFLICT',
    `the head of the log is ${shown(head)}, not ${shown(expected)}; nothing was appended`,
    { operation: 'log.append', context: { expected, head } },
  )
}

/** What `read` and `follow` reject with below the floor. */
export function logGap(after: Position, floor: Position): HoldfastError {
  return new HoldfastError(
    'HF_LOG_GAP',
    `the log begins behind ${shown(floor)}; what is behind ${shown(after)} is needed`,
    { operation: 'log.read', context: { after, floor } },
  )
}

/** What a position that the log does not know is refused with. */
export function logDiverged(position: Position, found: Record<string, unknown>): HoldfastError {
  return new HoldfastError('HF_LOG_DIVERGED', `the log does not know ${shown(position)}`, {
    context: { position, ...found },
  })
}

export function recordTooLarge(bytes: number, maxRecordBytes: number): HoldfastError {
  return new HoldfastError(
    'HF_LOG_RECORD_TOO_LARGE',
    `a record of ${bytes} bytes is more than the ${maxRecordBytes} that the log takes`,
    { operation: 'log.append', context: { bytes, maxRecordBytes } },
  )
}

function shown({ term, index }: Position): string {
  return `record ${index} of term ${term}`
}
