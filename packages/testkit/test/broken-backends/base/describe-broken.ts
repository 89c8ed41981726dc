import type { Backend } from '@holdfast/core'
import {
  type BackendCases,
  type BackendUnderTest,
  describeBackend,
  MemoryObjects,
  memoryBackend,
} from '@holdfast/testkit'

/** What a broken backend does otherwise than the sound one. */
export type BackendFlaw = (sound: Backend) => Partial<Backend>

/** What is broken beside the calls. */
export type StoreFlaw = Partial<Pick<BackendUnderTest, 'reopen' | 'litter'>>

/** Hands a flawed backend to the suite, as its author would. */
export function describeBroken(
  flaw: BackendFlaw,
  store: StoreFlaw = {},
  cases: Partial<BackendCases> = {},
): void {
  describeBackend(
    'broken',
    async () => {
      const objects = new MemoryObjects()
      const open = () => bent(memoryBackend({ objects }), flaw)
      return {
        backend: open(),
        reopen: async () => open(),
        litter: 'none',
        dispose: async () => undefined,
        ...store,
      }
    },
    { cases, variants: ['bare'], timeout: 2000, largeBytes: 1024 * 1024, writers: 4 },
  )
}

function bent(sound: Backend, flaw: BackendFlaw): Backend {
  const backend: Backend = {
    topology: sound.topology,
    capabilities: sound.capabilities,
    limits: sound.limits,
    write: (key, source, options) => sound.write(key, source, options),
    read: (key, options) => sound.read(key, options),
    stat: (key, options) => sound.stat(key, options),
    list: (options) => sound.list(options),
    delete: (targets, options) => sound.delete(targets, options),
  }
  return Object.assign(backend, flaw(sound))
}
