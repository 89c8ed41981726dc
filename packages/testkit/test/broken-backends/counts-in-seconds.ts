import type { Stored } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

const inSeconds = (ms: number) => Math.floor(ms / 1000)
const told = <T extends Stored>(stored: T): T => ({ ...stored, changedAt: inSeconds(stored.changedAt) })

// Tells its times in the unit of its file system.
describeBroken((sound) => ({
  write: async (key, source, options) => told(await sound.write(key, source, options)),
  async stat(key, options) {
    const found = await sound.stat(key, options)
    return found && told(found)
  },
  async *list(options) {
    for await (const page of sound.list(options))
      yield page.changedAt ? { ...page, changedAt: page.changedAt.map(inSeconds) } : page
  },
}))
