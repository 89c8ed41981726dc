import {
  type Backend,
  type DeleteOutcome,
  type DeleteTarget,
  HoldfastError,
  RESERVED_FOLDER,
  type WriteOptions,
} from '@holdfast/core'
import { MemoryObjects, memoryBackend } from '@holdfast/testkit'
import type { Asked, Mishap } from './calls.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

/** Where bytes are: one store for all nodes, or one for each. */
export class Store {
  readonly objects = new MemoryObjects()
  readonly topology: Backend['topology']
  /** Nothing gets through. */
  outage = false
  readonly #world: World
  readonly #backend: Backend

  constructor(world: World, topology: Backend['topology']) {
    this.#world = world
    this.topology = topology
    this.#backend = memoryBackend({
      objects: this.objects,
      topology,
      clock: {
        now: () => world.time.start + world.time.now,
        monotonic: () => world.time.now,
        timer: () => {
          throw new Error('the store waits for nothing')
        },
      },
    })
  }

  /** The store as a node's plugin provides it. */
  backendOf(life: Life): Backend {
    const backend = this.#backend
    return {
      topology: backend.topology,
      capabilities: backend.capabilities,
      limits: backend.limits,
      write: (key, source, options = {}) => {
        // Bytes leave the process when the call is made.
        const bytes = Buffer.from(source as Uint8Array)
        const whenLate = () => {
          if (!this.objects.byKey.has(key)) this.#world.ledger.litter.add(key)
        }
        return this.#call({ ...asked(life, 'write', key, options.signal), changes: true, whenLate }, () =>
          this.#write(life, key, bytes, options),
        )
      },
      read: (key, { signal, ...options } = {}) =>
        this.#call(asked(life, 'read', key, signal), () => backend.read(key, options)),
      stat: (key, { signal } = {}) => this.#call(asked(life, 'stat', key, signal), () => backend.stat(key)),
      list: () => {
        throw new Error('nothing lists the store yet')
      },
      delete: (targets, { signal } = {}) => {
        const about = targets.map(({ key }) => key).join(' ')
        return this.#call({ ...asked(life, 'delete', about, signal), changes: true }, () =>
          this.#delete(life, targets),
        )
      },
    }
  }

  async #write(life: Life, key: string, bytes: Uint8Array, { ifAbsent }: WriteOptions) {
    const written = await this.#backend.write(key, bytes, {
      size: bytes.length,
      ...(ifAbsent && { ifAbsent }),
    })
    const { ledger, watched } = this.#world
    watched(() => ledger.hasBytes(key))
    // Nobody cleans up behind a process that was overtaken and still writes.
    if (life !== life.machine.owner) ledger.litter.add(key)
    return written
  }

  async #delete(life: Life, targets: readonly DeleteTarget[]): Promise<DeleteOutcome[]> {
    for (const { key } of targets)
      this.#world.watched(() => life.machine.witness.mayBeDeleted(key, life.name))
    return this.#backend.delete(targets)
  }

  #call<T>(asked: Asked, perform: () => Promise<T>): Promise<T> {
    const { calls, random } = this.#world
    const own = asked.what === 'read' && asked.about.startsWith(`${RESERVED_FOLDER}/`)
    // Most reads of the store's own records are answered at once: they are most of all calls.
    return calls.make(asked, () => own && !this.outage && !random.chance(10), perform)
  }
}

function asked(life: Life, what: string, about: string, signal: AbortSignal | undefined): Asked {
  return { life, to: 'store', what, about, signal, changes: false, problem }
}

function problem(mishap: Mishap): HoldfastError {
  if (mishap === 'given up')
    return new HoldfastError('HF_BACKEND', 'the call was given up', { kind: 'aborted' })
  return new HoldfastError('HF_BACKEND', `a simulated fault: ${mishap}`, { kind: 'unavailable' })
}
