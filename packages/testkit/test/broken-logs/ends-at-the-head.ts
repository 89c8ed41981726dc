import { describeBroken } from './base/describe-broken.ts'

// A follower that stops following when it has caught up.
describeBroken((sound) => ({
  follow: (after, options) => sound.read(after, options),
}))
