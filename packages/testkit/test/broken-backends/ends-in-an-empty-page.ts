import { describeBroken } from './base/describe-broken.ts'

// A listing that finds nothing gives a page of nothing.
describeBroken((sound) => ({
  async *list(options) {
    let pages = 0
    for await (const page of sound.list(options)) {
      pages++
      yield page
    }
    if (pages === 0) yield { keys: [] }
  },
}))
