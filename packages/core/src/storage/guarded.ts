import { isHoldfastError } from '../errors.ts'
import { parseKey, RESERVED_FOLDER } from '../paths.ts'
import type {
  Backend,
  ByteSource,
  CallOptions,
  ListOptions,
  ListPage,
  ReadOptions,
  WriteOptions,
} from './backend.ts'
import type { Storage, StoreRecords } from './storage.ts'

/** Where the full backend hangs on its guarded face; by `Symbol.for`, so that two copies of core agree. */
export const FULL_BACKEND = Symbol.for('holdfast.full-backend')

/** The face of a backend that plugins get: no reserved names, no `delete`, and a key is written once. */
export function guardStorage(backend: Backend): Storage {
  const mustNotBeReserved = (key: string) => {
    // The layers below take the store's own records for keys.
    if (typeof key === 'string' && key.startsWith(RESERVED_FOLDER)) parseKey(key)
  }
  const storage: Storage = {
    get topology() {
      return backend.topology
    },
    get capabilities() {
      return backend.capabilities
    },
    get limits() {
      return backend.limits
    },
    records: storeRecords(backend),
    write: async (key: string, source: ByteSource, options: WriteOptions = {}) => {
      mustNotBeReserved(key)
      // A key is used once: nobody replaces bytes that may be listed.
      const ifAbsent = options.ifAbsent === true || backend.capabilities.writeIfAbsent
      return backend.write(key, source, { ...options, ifAbsent })
    },
    read: async (key: string, options?: ReadOptions) => {
      mustNotBeReserved(key)
      return backend.read(key, options)
    },
    stat: async (key: string, options?: CallOptions) => {
      mustNotBeReserved(key)
      return backend.stat(key, options)
    },
    list: (options?: ListOptions) => withoutReserved(backend.list(options)),
  }
  Object.defineProperty(storage, FULL_BACKEND, { value: backend })
  return Object.freeze(storage)
}

function storeRecords(backend: Backend): StoreRecords {
  return {
    async read(name, options) {
      try {
        const parts: Uint8Array[] = []
        for await (const part of await backend.read(`${RESERVED_FOLDER}/${name}`, options)) parts.push(part)
        return Buffer.concat(parts)
      } catch (error) {
        if (isHoldfastError(error) && error.kind === 'not_found') return undefined
        throw error
      }
    },
    async write(name, bytes, options = {}) {
      try {
        await backend.write(`${RESERVED_FOLDER}/${name}`, bytes, { size: bytes.length, ...options })
        return true
      } catch (error) {
        if (options.ifAbsent && isHoldfastError(error) && error.kind === 'exists') return false
        throw error
      }
    },
  }
}

/** Leaves out the store's own records. They lie together in the order, so most pages pass untouched. */
async function* withoutReserved(pages: AsyncIterable<ListPage>): AsyncGenerator<ListPage> {
  const reserved = (key: string | undefined) => key?.startsWith(`${RESERVED_FOLDER}/`) === true
  for await (const page of pages) {
    const start = page.keys.findIndex(reserved)
    if (start === -1) {
      yield page
      continue
    }
    const end = page.keys.findLastIndex(reserved) + 1
    if (end - start === page.keys.length) continue
    const cut = <T>(column: readonly T[]) => [...column.slice(0, start), ...column.slice(end)]
    yield {
      keys: cut(page.keys),
      ...(page.sizes && { sizes: cut(page.sizes) }),
      ...(page.changedAt && { changedAt: cut(page.changedAt) }),
      ...(page.versions && { versions: cut(page.versions) }),
    }
  }
}
