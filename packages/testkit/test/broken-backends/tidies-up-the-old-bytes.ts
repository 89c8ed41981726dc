import { isHoldfastError } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

// What stands under the key after a source has broken is half an object to it, and goes.
describeBroken((sound) => ({
  async write(key, source, options) {
    try {
      return await sound.write(key, source, options)
    } catch (error) {
      if (!isHoldfastError(error)) await sound.delete([{ key }])
      throw error
    }
  },
}))
