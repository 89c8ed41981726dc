import { describeBroken } from './base/describe-broken.ts'

// A position that is not there yet may be there one day: a log that went back in time looks like a slow one.
describeBroken((sound, shared) => ({
  async *read(after, options) {
    options?.signal?.throwIfAborted()
    if (after.index <= shared.head.index) yield* sound.read(after, options)
  },
}))
