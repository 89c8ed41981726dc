import { describeBroken } from './base/describe-broken.ts'

// A source that breaks is taken for one that has ended.
describeBroken((sound) => ({
  write(key, source, options) {
    if (source instanceof Uint8Array) return sound.write(key, source, options)
    async function* forgiving() {
      try {
        yield* source as AsyncIterable<Uint8Array>
      } catch {
        // What has come is better than nothing.
      }
    }
    return sound.write(key, forgiving(), options)
  },
}))
