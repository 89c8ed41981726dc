import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import {
  type Backend,
  type BackendCapabilities,
  type BackendErrorKind,
  type ByteSource,
  type CallOptions,
  type Clock,
  compareBytes,
  type DeleteOutcome,
  type DeleteTarget,
  definePlugin,
  HoldfastError,
  type ListOptions,
  type ListPage,
  type Plugin,
  type ReadOptions,
  type Stored,
  systemClock,
  type WriteOptions,
  type Written,
} from '@holdfast/core'

/** One object of a memory backend. */
export interface MemoryObject extends Written {
  readonly version: string
  readonly bytes: Uint8Array
}

/** What a memory backend holds. Hand the same one to the next backend to see what a restart would see. */
export class MemoryObjects {
  readonly byKey: Map<string, MemoryObject>
  #versions: number

  constructor(byKey = new Map<string, MemoryObject>()) {
    this.byKey = byKey
    this.#versions = byKey.values().reduce((newest, { version }) => Math.max(newest, Number(version)), 0)
  }

  nextVersion(): string {
    return String(++this.#versions)
  }
}

export interface MemoryBackendOptions {
  /** Default: new and empty. */
  readonly objects?: MemoryObjects
  readonly clock?: Clock
  /** Capabilities to take away, to see what others do without them. Default: all are there. */
  readonly capabilities?: Partial<BackendCapabilities>
  /** Default `local`. */
  readonly topology?: Backend['topology']
}

/** A backend that keeps its objects in this process, for the tests of others. It obeys every law of `Backend`. */
export function memoryBackend(options: MemoryBackendOptions = {}): Backend {
  return new MemoryBackend(options)
}

/** The plugin of {@link memoryBackend}: provides `backend`, on the clock of its node. */
export function backendMemory(options: Omit<MemoryBackendOptions, 'clock'> = {}): Plugin {
  return definePlugin({
    name: '@holdfast/testkit',
    id: 'backend-memory',
    version: createRequire(import.meta.url)('../package.json').version,
    api: '1.0',
    provides: ['backend'],
    setup(ctx) {
      ctx.provide('backend', () => new MemoryBackend({ ...options, clock: ctx.clock }))
    },
  })
}

const PIECE_BYTES = 64 * 1024

class MemoryBackend implements Backend {
  readonly topology: Backend['topology']
  readonly capabilities: BackendCapabilities
  readonly limits = { keyBytes: 1024, deleteBatch: 1000, listPage: 1000 }
  readonly #objects: MemoryObjects
  readonly #clock: Clock

  constructor({ objects, clock, capabilities, topology }: MemoryBackendOptions) {
    this.#objects = objects ?? new MemoryObjects()
    this.#clock = clock ?? systemClock
    this.topology = topology ?? 'local'
    this.capabilities = {
      writeIfAbsent: true,
      readRange: true,
      readIfVersion: true,
      deleteIfVersion: true,
      listVersions: true,
      changedAt: true,
      ...capabilities,
    }
  }

  async write(key: string, source: ByteSource, options: WriteOptions = {}): Promise<Written> {
    throwIfAborted(options.signal)
    if (options.ifAbsent) this.#need('writeIfAbsent')
    const bytes = await collect(source, options.signal)
    if (options.size !== undefined && options.size !== bytes.length)
      throw problem('invalid', `the source gave ${bytes.length} bytes, ${options.size} were announced`)
    // From here on nothing waits: the check and the change are one step.
    if (options.ifAbsent && this.#objects.byKey.has(key)) throw problem('exists', `${key} is there already`)
    const written = {
      size: bytes.length,
      checksum: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
      version: this.#objects.nextVersion(),
      changedAt: this.#clock.now(),
    }
    this.#objects.byKey.set(key, { ...written, bytes })
    return written
  }

  async read(key: string, options: ReadOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    throwIfAborted(options.signal)
    if (options.range) this.#need('readRange')
    if (options.ifVersion !== undefined) this.#need('readIfVersion')
    const { start, end } = rangeOf(options)
    const object = this.#objects.byKey.get(key)
    if (!object) throw problem('not_found', `there is no ${key}`)
    if (options.ifVersion !== undefined && options.ifVersion !== object.version)
      throw problem('conflict', `${key} has version ${object.version}, not ${options.ifVersion}`)
    return pieces(object.bytes.subarray(start, end), options.signal)
  }

  async stat(key: string, options: CallOptions = {}): Promise<Stored | undefined> {
    throwIfAborted(options.signal)
    const object = this.#objects.byKey.get(key)
    if (!object) return undefined
    const { bytes: _, ...stored } = object
    return stored
  }

  async *list(options: ListOptions = {}): AsyncGenerator<ListPage, void, undefined> {
    throwIfAborted(options.signal)
    const { prefix = '', after, until, fields = [] } = options
    if (fields.includes('versions')) this.#need('listVersions')
    const wanted = [...this.#objects.byKey.keys()]
      .filter((key) => key.startsWith(prefix))
      .filter((key) => after === undefined || compareBytes(key, after) > 0)
      .filter((key) => until === undefined || compareBytes(key, until) < 0)
      .sort(compareBytes)
    for (let at = 0; at < wanted.length; at += this.limits.listPage) {
      throwIfAborted(options.signal)
      // Objects that were deleted since the listing began are left out.
      const rows = wanted.slice(at, at + this.limits.listPage).flatMap((key) => {
        const object = this.#objects.byKey.get(key)
        return object ? [{ key, object }] : []
      })
      if (rows.length === 0) continue
      yield {
        keys: rows.map(({ key }) => key),
        ...(fields.includes('sizes') && { sizes: rows.map(({ object }) => object.size) }),
        ...(fields.includes('changedAt') && { changedAt: rows.map(({ object }) => object.changedAt) }),
        ...(fields.includes('versions') && { versions: rows.map(({ object }) => object.version) }),
      }
      throwIfAborted(options.signal)
    }
  }

  async delete(targets: readonly DeleteTarget[], options: CallOptions = {}): Promise<DeleteOutcome[]> {
    throwIfAborted(options.signal)
    if (targets.some(({ ifVersion }) => ifVersion !== undefined)) this.#need('deleteIfVersion')
    if (targets.length > this.limits.deleteBatch)
      throw problem(
        'invalid',
        `${targets.length} targets are more than the ${this.limits.deleteBatch} of one call`,
      )
    return targets.map(({ key, ifVersion }) => {
      const object = this.#objects.byKey.get(key)
      if (object && ifVersion !== undefined && ifVersion !== object.version) return { key, status: 'changed' }
      this.#objects.byKey.delete(key)
      return { key, status: 'gone' }
    })
  }

  #need(capability: keyof BackendCapabilities): void {
    if (!this.capabilities[capability])
      throw problem('unsupported', `this memory backend does not declare ${capability}`)
  }
}

function problem(kind: BackendErrorKind, message: string, cause?: unknown): HoldfastError {
  return new HoldfastError('HF_BACKEND', message, { kind, cause })
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw problem('aborted', 'the call was cancelled', signal.reason)
}

function rangeOf({ range }: ReadOptions): { start: number; end?: number } {
  const { start, end = start } = range ?? { start: 0 }
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start)
    throw problem('invalid', `${JSON.stringify(range)} is not a range of bytes`)
  return range ?? { start: 0 }
}

async function* pieces(bytes: Uint8Array, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    throwIfAborted(signal)
    yield bytes.slice(at, at + PIECE_BYTES)
  }
}

/** A copy of everything that the source gives; stops waiting for it when the signal fires. */
async function collect(source: ByteSource, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source.slice()
  const parts: Uint8Array[] = []
  const cancelled = Promise.withResolvers<void>()
  const onAbort = () => cancelled.resolve()
  signal?.addEventListener('abort', onAbort, { once: true })
  const reading = (async () => {
    for await (const part of source) {
      if (signal?.aborted) return
      parts.push(part.slice())
    }
  })()
  try {
    await Promise.race([reading, cancelled.promise])
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
  throwIfAborted(signal)
  return Buffer.concat(parts)
}
