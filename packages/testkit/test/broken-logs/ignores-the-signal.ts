import { describeBroken } from './base/describe-broken.ts'

// Has begun when it hears that it should not.
describeBroken((sound) => ({
  append: async (bytes, { expectedHead, signal }) => {
    const position = await sound.append(bytes, { expectedHead })
    signal?.throwIfAborted()
    return position
  },
}))
