import { HoldfastError, isHoldfastError } from '../errors.ts'
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

/** The face of a backend that plugins get: checked keys, no reserved names, no `delete`. */
export function guardStorage(backend: Backend): Storage {
  const check = (key: string) => parseKey(key, { bytes: backend.limits.keyBytes, ...segmentLimit(backend) })
  const storage: Storage = {
    topology: backend.topology,
    capabilities: backend.capabilities,
    limits: backend.limits,
    records: storeRecords(backend),
    write: async (key: string, source: ByteSource, options: WriteOptions = {}) => {
      if (options.ifAbsent && !backend.capabilities.writeIfAbsent) throw undeclared('writeIfAbsent')
      // A key is used once: nobody replaces bytes that may be listed.
      return backend.write(check(key), source, { ...options, ifAbsent: backend.capabilities.writeIfAbsent })
    },
    read: async (key: string, options: ReadOptions = {}) => {
      if (options.range && !backend.capabilities.readRange) throw undeclared('readRange')
      if (options.ifVersion !== undefined && !backend.capabilities.readIfVersion)
        throw undeclared('readIfVersion')
      return backend.read(check(key), options)
    },
    stat: async (key: string, options?: CallOptions) => backend.stat(check(key), options),
    list: (options: ListOptions = {}) => {
      if (options.fields?.includes('versions') && !backend.capabilities.listVersions)
        throw undeclared('listVersions')
      return withoutReserved(backend.list(options))
    },
  }
  Object.defineProperty(storage, FULL_BACKEND, { value: backend })
  return Object.freeze(storage)
}

function segmentLimit(backend: Backend): { segmentBytes?: number } {
  return backend.limits.segmentBytes === undefined ? {} : { segmentBytes: backend.limits.segmentBytes }
}

function undeclared(capability: string): HoldfastError {
  return new HoldfastError('HF_UNSUPPORTED', `this backend does not declare ${capability}`, {
    context: { capability },
  })
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
