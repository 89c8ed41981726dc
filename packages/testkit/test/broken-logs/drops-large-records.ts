import { describeBroken } from './base/describe-broken.ts'

// A page of at most maxBytes, whatever it takes.
describeBroken((sound) => ({
  async *read(after, options = {}) {
    const { maxBytes = Number.POSITIVE_INFINITY } = options
    for await (const page of sound.read(after, options))
      yield page.filter(({ bytes }) => bytes.length <= maxBytes)
  },
}))
