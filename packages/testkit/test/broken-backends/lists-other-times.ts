import { describeBroken } from './base/describe-broken.ts'

// Its listing tells when the copy was made that it lists from.
describeBroken((sound) => ({
  async *list(options) {
    for await (const page of sound.list(options))
      yield page.changedAt ? { ...page, changedAt: page.changedAt.map((at) => at + 60_000) } : page
  },
}))
