import { setImmediate } from 'node:timers/promises'
import { describeBroken } from './base/describe-broken.ts'

// Stops at its signal, and says gone of what it has not come to.
describeBroken((sound) => ({
  async delete(targets, options) {
    const outcomes = await sound.delete(targets.slice(0, 2), options)
    for (const target of targets.slice(2)) {
      if (options?.signal?.aborted) outcomes.push({ key: target.key, status: 'gone' })
      else outcomes.push(...(await sound.delete([target])))
      if (outcomes.length % 10 === 0) await setImmediate()
    }
    return outcomes
  },
}))
