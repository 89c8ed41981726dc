import { memoryBackend } from '@holdfast/testkit'
import { describeBroken } from './base/describe-broken.ts'

const one = memoryBackend()

// Every instance is the same store.
describeBroken(() => ({
  write: (key, source, options) => one.write(key, source, options),
  read: (key, options) => one.read(key, options),
  stat: (key, options) => one.stat(key, options),
  list: (options) => one.list(options),
  delete: (targets, options) => one.delete(targets, options),
}))
