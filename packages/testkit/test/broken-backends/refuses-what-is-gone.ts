import { HoldfastError } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

// A missing key is an error to it, and the keys behind that one stay.
describeBroken((sound) => ({
  async delete(targets, options) {
    for (const { key } of targets)
      if (!(await sound.stat(key)))
        throw new HoldfastError('HF_BACKEND', `there is no ${key}`, { kind: 'not_found' })
    return sound.delete(targets, options)
  },
}))
