import { setTimeout } from 'node:timers/promises'
import { hasCode } from '@holdfast/core'

/** Time that one process has to be through with the data folder, or to listen, ms. */
const PATIENCE_MS = 5000
const PAUSE_MS = 50
/** A wait that is shorter is nobody's business, ms. */
const SAID_AFTER_MS = 500

export interface Waiting {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined
  /** Hears of each process that is waited for, once it takes a while. */
  readonly onOwner?: (pid: unknown) => void
}

/**
 * Tries again while the data folder is another command's just now. Commands come one after the other: each that got it
 * is waited for anew. @throws what the last try threw
 */
export async function whileInUse<T>({ signal, onOwner }: Waiting, attempt: () => Promise<T>): Promise<T> {
  let [owner, from, isSaid]: [unknown, number, boolean] = [undefined, 0, false]
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!hasCode(error, 'HF_DATADIR_IN_USE')) throw error
      const { pid } = error.context
      const now = performance.now()
      if (pid !== owner) [owner, from, isSaid] = [pid, now, false]
      if (now > from + PATIENCE_MS) throw error
      if (!isSaid && now > from + SAID_AFTER_MS) {
        isSaid = true
        onOwner?.(pid)
      }
    }
    await setTimeout(PAUSE_MS, undefined, signal && { signal })
  }
}
