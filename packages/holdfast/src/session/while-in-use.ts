import { setTimeout } from 'node:timers/promises'
import { hasCode } from '@holdfast/core'

/** Time that another command has to be through with the data folder, or a node to listen, ms. */
const PATIENCE_MS = 3000
const PAUSE_MS = 50

/** Tries for a while, because the data folder is another command's just now. @throws what the last try threw */
export async function whileInUse<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + PATIENCE_MS; ; ) {
    try {
      return await attempt()
    } catch (error) {
      if (!hasCode(error, 'HF_DATADIR_IN_USE') || performance.now() > until) throw error
    }
    await setTimeout(PAUSE_MS, undefined, signal && { signal })
  }
}
