import { describeBroken } from './base/describe-broken.ts'

// Declares ranges, and gives the whole object.
describeBroken((sound) => ({
  read: (key, options = {}) => {
    const { range: _, ...rest } = options
    return sound.read(key, rest)
  },
}))
