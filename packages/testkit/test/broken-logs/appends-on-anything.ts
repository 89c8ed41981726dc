import { describeBroken } from './base/describe-broken.ts'

// Believes that whoever appends has seen the head.
describeBroken((sound) => ({
  append: async (bytes, options) =>
    sound.append(bytes, { ...options, expectedHead: await sound.head(options) }),
}))
