import { describeBroken } from './base/describe-broken.ts'

// Gives its first page, and takes it for all.
describeBroken((sound) => ({
  async *list(options) {
    for await (const page of sound.list(options)) {
      yield page
      return
    }
  },
}))
