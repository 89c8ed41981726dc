import { createRequire } from 'node:module'
import {
  type Backend,
  type ByteSource,
  type CallOptions,
  createIds,
  type DeleteOutcome,
  type DeleteTarget,
  definePlugin,
  FailpointRegistry,
  HoldfastError,
  type Ids,
  type ListOptions,
  type ListPage,
  type Logger,
  oneOf,
  type Plugin,
  type ReadOptions,
  type Stored,
  systemClock,
  text,
  type WriteOptions,
  type Written,
} from '@holdfast/core'
import { remove } from './delete.ts'
import { coded, type Subject } from './errors.ts'
import { LOCAL_FAILPOINTS } from './failpoints.ts'
import { LIMITS } from './keys.ts'
import { list } from './list.ts'
import { read } from './read.ts'
import { type LocalStore, openStore } from './root.ts'
import { stat } from './stat.ts'
import { write } from './write.ts'

export interface BackendLocalOptions {
  /** The folder that holds the files; made when it is missing. One process at a time may use it. */
  readonly root: string
  /**
   * `shared`: the folder is mounted on every node of a cluster, and they use one store. Default `local`: this node's
   * own, used by one process at a time.
   */
  readonly topology?: 'local' | 'shared'
  /**
   * What to do where the file system takes two names that differ in case or Unicode form for one. Default `refused`:
   * the start fails. `checked`: every call makes sure that what it finds has that very name, and a write that would
   * not is refused with kind `conflict`; it reads the names of a folder each time.
   */
  readonly foldedNames?: 'refused' | 'checked'
}

/** Keeps a node's files in a folder on a local disk: provides `backend`. */
export function backendLocal(options: BackendLocalOptions): Plugin {
  return definePlugin({
    name: '@holdfast/backend-local',
    id: 'backend-local',
    version: createRequire(import.meta.url)('../package.json').version,
    api: '1.0',
    provides: ['backend'],
    config: {
      root: text({ doc: 'The folder that holds the files; made when it is missing.' }),
      topology: oneOf(['local', 'shared'], {
        doc: "Whether the folder is this node's own, or mounted on every node and one store for all.",
        default: 'local',
      }),
      foldedNames: oneOf(['refused', 'checked'], {
        doc: 'A file system that takes names that differ in case or Unicode form for one is refused at the start, or every name is checked at every call.',
        default: 'refused',
      }),
    },
    options: { ...options },
    failpoints: LOCAL_FAILPOINTS,
    setup(ctx) {
      ctx.provide(
        'backend',
        () => new LocalBackend({ ...ctx.config, ids: ctx.ids, failpoints: ctx.failpoints, log: ctx.log }),
      )
    },
  })
}

export interface OpenLocalOptions extends BackendLocalOptions {
  /** Names for temporary files. Default: ULIDs of the system's clock. */
  readonly ids?: Ids
  /** Default: a registry of its own, with nothing armed. */
  readonly failpoints?: FailpointRegistry
  readonly log?: Logger
  readonly signal?: AbortSignal
}

/**
 * The backend alone, started, for programs and tests without a node.
 * @throws HF_BACKEND when the root cannot be made or used
 */
export async function openLocalBackend(options: OpenLocalOptions): Promise<Backend> {
  const { ids = createIds(systemClock), failpoints = new FailpointRegistry(), signal } = options
  failpoints.declare(LOCAL_FAILPOINTS)
  const backend = new LocalBackend({ ...options, ids, failpoints })
  await backend.start(signal === undefined ? {} : { signal })
  return backend
}

interface Parts extends BackendLocalOptions {
  readonly ids: Ids
  readonly failpoints: FailpointRegistry
  readonly log?: Logger
}

class LocalBackend implements Backend {
  readonly topology: 'local' | 'shared'
  readonly capabilities = {
    writeIfAbsent: true,
    readRange: true,
    readIfVersion: false,
    deleteIfVersion: false,
    listVersions: false,
    changedAt: true,
  }
  readonly limits = LIMITS
  readonly #parts: Parts
  #store: LocalStore | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.topology = parts.topology ?? 'local'
  }

  async start({ signal }: CallOptions): Promise<void> {
    const { root, foldedNames = 'refused', ids, failpoints } = this.#parts
    const { topology } = this
    this.#store = await withCodes({ operation: 'start' }, () =>
      openStore({ root, topology, foldedNames, ids, failpoints, ...(signal && { signal }) }),
    )
  }

  // Not under withCodes: what the caller's source throws is not ours to code.
  async write(key: string, source: ByteSource, options: WriteOptions = {}): Promise<Written> {
    return write(this.#opened(), key, source, options)
  }

  read(key: string, options: ReadOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    return withCodes({ operation: 'read', key }, () => read(this.#opened(), key, options))
  }

  stat(key: string, options: CallOptions = {}): Promise<Stored | undefined> {
    return withCodes({ operation: 'stat', key }, () => stat(this.#opened(), key, options))
  }

  async *list(options: ListOptions = {}): AsyncGenerator<ListPage, void, undefined> {
    try {
      yield* list(this.#opened(), options, this.#parts.log)
    } catch (error) {
      throw coded(error, { operation: 'list' })
    }
  }

  delete(targets: readonly DeleteTarget[], options: CallOptions = {}): Promise<DeleteOutcome[]> {
    return withCodes({ operation: 'delete' }, () => remove(this.#opened(), targets, options))
  }

  async stop(): Promise<void> {
    const store = this.#store
    this.#store = undefined
    await store?.thread.stop()
  }

  #opened(): LocalStore {
    if (!this.#store) throw new HoldfastError('HF_NOT_STARTED', 'the local backend is not started')
    return this.#store
  }
}

async function withCodes<T>(subject: Subject, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw coded(error, subject)
  }
}
