import { describeBroken } from './base/describe-broken.ts'

// Looking at an object does not tell its version.
describeBroken((sound) => ({
  async stat(key, options) {
    const found = await sound.stat(key, options)
    return found && { size: found.size, changedAt: found.changedAt }
  },
}))
