import { setImmediate } from 'node:timers/promises'
import { describeBroken } from './base/describe-broken.ts'

// What it has written of a piece when it is cancelled stays where it is.
describeBroken((sound) => ({
  async write(key, source, options = {}) {
    const { signal, ...rest } = options
    if (source instanceof Uint8Array && !options.ifAbsent && !signal?.aborted) {
      await setImmediate()
      if (signal?.aborted) await sound.write(key, source.subarray(0, source.length / 2), rest)
    }
    return sound.write(key, source, options)
  },
}))
