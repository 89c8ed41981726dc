import { setImmediate } from 'node:timers/promises'
import { isHoldfastError } from '@holdfast/core'

/** After how many turns of the event loop a call is cancelled: at once, and at some places in its midst. */
export const TURNS = [0, 1, 2, 4, 8, 16] as const

/** A controller that fires after so many turns from now; with 0, as soon as whoever calls has begun his call. */
export function afterTurns(turns: number): AbortController {
  const controller = new AbortController()
  void (async () => {
    await Promise.resolve()
    for (let turn = 0; turn < turns; turn++) await setImmediate()
    controller.abort(new Error('enough'))
  })()
  return controller
}

/**
 * The result of a call that may be cancelled on its way. Which of the two it is cannot be required: a store that has
 * heard nothing, and one that was as good as done, look alike.
 */
export async function resultUnlessAborted<T>(call: Promise<T>): Promise<T | 'aborted'> {
  try {
    return await call
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'HF_BACKEND' && error.kind === 'aborted') return 'aborted'
    throw error
  }
}
