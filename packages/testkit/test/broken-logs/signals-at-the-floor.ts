import { logGap } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

// Takes the floor for the first record that it has.
describeBroken((sound, shared) => ({
  async *read(after, options) {
    const { floor } = shared
    if (floor.index > 0 && after.index === floor.index) throw logGap(after, floor)
    yield* sound.read(after, options)
  },
}))
