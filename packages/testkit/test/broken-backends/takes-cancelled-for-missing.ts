import { setImmediate } from 'node:timers/promises'
import { describeBroken } from './base/describe-broken.ts'

// A look that is cancelled on its way has found nothing, so there is nothing.
describeBroken((sound) => ({
  async stat(key, options) {
    const found = await sound.stat(key, options)
    await setImmediate()
    return options?.signal?.aborted ? undefined : found
  },
}))
