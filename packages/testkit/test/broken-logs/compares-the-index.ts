import { describeBroken } from './base/describe-broken.ts'

// An index without its term: two leaders have it twice.
describeBroken((sound, shared) => ({
  append: (bytes, { expectedHead, ...options }) => {
    const { head } = shared
    return sound.append(bytes, {
      ...options,
      expectedHead: expectedHead.index === head.index ? head : expectedHead,
    })
  },
}))
