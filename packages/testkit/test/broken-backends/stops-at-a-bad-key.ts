import { HoldfastError } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

// Deletes up to a key that cannot be one, and fails there.
describeBroken((sound) => ({
  async delete(targets, options) {
    const bad = targets.findIndex(({ key }) => Buffer.byteLength(key) > sound.limits.keyBytes)
    if (bad < 0) return sound.delete(targets, options)
    await sound.delete(targets.slice(0, bad), options)
    throw new HoldfastError('HF_BACKEND', `target ${bad} is too long`, { kind: 'invalid' })
  },
}))
