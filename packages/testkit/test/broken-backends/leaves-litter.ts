import { describeBroken } from './base/describe-broken.ts'

const unfinished = new Set<string>()

// What was begun stays somewhere when the source breaks.
describeBroken(
  (sound) => ({
    async write(key, source, options) {
      const name = `${key}.${Math.random()}`
      unfinished.add(name)
      const written = await sound.write(key, source, options)
      unfinished.delete(name)
      return written
    },
  }),
  { litter: async () => [...unfinished] },
)
