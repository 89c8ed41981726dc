import { describeBroken } from './base/describe-broken.ts'

// Knows the terms of records, and the floor is none any more.
describeBroken((sound, shared) => ({
  async termAt(index, options) {
    const term = await sound.termAt(index, options)
    return index > 0 && index === shared.floor.index ? undefined : term
  },
}))
