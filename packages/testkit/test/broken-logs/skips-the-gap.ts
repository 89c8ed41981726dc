import { describeBroken } from './base/describe-broken.ts'

// Gives a reader that is too late what there is left, and says nothing.
describeBroken((sound, shared) => ({
  read: (after, options) => sound.read(after.index < shared.floor.index ? shared.floor : after, options),
}))
