import { describeBroken } from './base/describe-broken.ts'

// Keeps its objects where `A` and `a` are one name.
describeBroken((sound) => ({
  write: (key, source, options) => sound.write(key.toLowerCase(), source, options),
  read: (key, options) => sound.read(key.toLowerCase(), options),
  stat: (key, options) => sound.stat(key.toLowerCase(), options),
}))
