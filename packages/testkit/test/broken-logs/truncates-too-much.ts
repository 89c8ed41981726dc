import { describeBroken } from './base/describe-broken.ts'

// Takes the position for the first record to keep, and counts in the wrong direction.
describeBroken((sound, shared) => ({
  async truncate(upTo, options) {
    const index = upTo.index + 1
    const term = await sound.termAt(index, options)
    const isNews = upTo.index > shared.floor.index && (await sound.termAt(upTo.index)) === upTo.term
    return sound.truncate(isNews && term !== undefined ? { term, index } : upTo, options)
  },
}))
