import { describeBroken } from './base/describe-broken.ts'

// Reads to the end, whatever its caller says.
describeBroken((sound) => ({
  read: (key, options = {}) => {
    const { signal: _, ...rest } = options
    return sound.read(key, rest)
  },
}))
