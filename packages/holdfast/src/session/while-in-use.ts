import { setTimeout } from 'node:timers/promises'
import { hasCode } from '@holdfast/core'

/** Time that one process has to be through with the data folder, or to listen, ms. */
const PATIENCE_MS = 5000
const PAUSE_MS = 50

/**
 * Tries again while the data folder is another command's just now. Commands come one after the other: each that got it
 * is waited for anew. @throws what the last try threw
 */
export async function whileInUse<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
  let [owner, until]: [unknown, number] = [undefined, 0]
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!hasCode(error, 'HF_DATADIR_IN_USE')) throw error
      const { pid } = error.context
      const now = performance.now()
      if (pid !== owner) [owner, until] = [pid, now + PATIENCE_MS]
      if (now > until) throw error
    }
    await setTimeout(PAUSE_MS, undefined, signal && { signal })
  }
}
