import { HoldfastError } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

// Looks whether the key is free, and reads the source then: whoever took the key meanwhile is replaced.
describeBroken((sound) => ({
  async write(key, source, options = {}) {
    const { ifAbsent, ...rest } = options
    if (!ifAbsent || source instanceof Uint8Array) return sound.write(key, source, options)
    if (await sound.stat(key, rest))
      throw new HoldfastError('HF_BACKEND', `${key} is there already`, { kind: 'exists' })
    return sound.write(key, source, rest)
  },
}))
