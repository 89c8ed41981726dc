import { describeBroken } from './base/describe-broken.ts'

// A listing that is taken up gives the last key once more.
describeBroken((sound) => ({
  async *list(options = {}) {
    const { after } = options
    const again = after !== undefined && (await sound.stat(after))
    let first = true
    for await (const page of sound.list(options)) {
      yield first && again ? { ...page, keys: [after, ...page.keys] } : page
      first = false
    }
  },
}))
