import { describeBroken } from './base/describe-broken.ts'

// Lets the errors of its client through as they are.
describeBroken((sound) => ({
  async read(key, options) {
    if (!(await sound.stat(key))) throw Object.assign(new Error('NoSuchKey'), { statusCode: 404 })
    return sound.read(key, options)
  },
}))
