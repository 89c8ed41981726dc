import { describeBroken } from './base/describe-broken.ts'

// Looks first, and writes then: whoever looked at the same time writes too.
describeBroken((sound) => ({
  async write(key, source, options = {}) {
    const { ifAbsent, ...rest } = options
    if (!ifAbsent || (await sound.stat(key))) return sound.write(key, source, options)
    await new Promise((resolve) => setTimeout(resolve, 5))
    return sound.write(key, source, rest)
  },
}))
