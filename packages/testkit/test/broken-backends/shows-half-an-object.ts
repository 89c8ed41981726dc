import { describeBroken } from './base/describe-broken.ts'

// Appends each piece to the object that everybody sees.
describeBroken((sound) => ({
  async write(key, source, options) {
    if (source instanceof Uint8Array || options?.ifAbsent) return sound.write(key, source, options)
    let soFar = Buffer.alloc(0)
    for await (const piece of source) {
      soFar = Buffer.concat([soFar, piece])
      await sound.write(key, soFar)
    }
    return sound.write(key, soFar, options)
  },
}))
