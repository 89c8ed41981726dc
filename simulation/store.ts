import {
  type Backend,
  type DeleteOutcome,
  type DeleteTarget,
  HoldfastError,
  RESERVED_FOLDER,
  type WriteOptions,
} from '@holdfast/core'
import { MemoryObjects, memoryBackend } from '@holdfast/testkit'
import type { Life } from './life.ts'
import type { World } from './world.ts'

/** What becomes of a call: `lost`: it is done, and the answer is an error; `late`: an error now, and done some time later. */
export type Fate = 'done' | 'failed' | 'lost' | 'late'

/** A call that is on its way to the store. */
export interface Call {
  readonly number: number
  readonly life: Life
  readonly what: 'write' | 'read' | 'stat' | 'list' | 'delete'
  readonly keys: readonly string[]
  /** Does it, and gives how to answer. */
  readonly perform: () => Promise<() => void>
  readonly fail: (error: HoldfastError) => void
  /** Whoever called has an answer already; after this moment it cannot land any more. */
  answered: boolean
  until: number
}

/** Longest time that a request is under way, ms: far below the time of tombstones. */
const LONGEST_FLIGHT_MS = 6 * 3_600_000

/** One store for all nodes. Calls wait until the world lets them through, in any order. */
export class Store {
  readonly objects = new MemoryObjects()
  readonly calls: Call[] = []
  /** Minted keys whose bytes landed when nobody waited for them any more: to be found by a reconcile. */
  readonly litter = new Set<string>()
  readonly #world: World
  readonly #backend: Backend
  #number = 0
  #outage = false

  constructor(world: World) {
    this.#world = world
    this.#backend = memoryBackend({
      objects: this.objects,
      topology: 'local',
      clock: {
        now: () => world.time.start + world.time.now,
        monotonic: () => world.time.now,
        timer: () => {
          throw new Error('the store waits for nothing')
        },
      },
    })
  }

  set outage(is: boolean) {
    this.#outage = is
  }

  get outage(): boolean {
    return this.#outage
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
        return this.#call(life, 'write', [key], options.signal, () => this.#write(life, key, bytes, options))
      },
      read: (key, { signal, ...options } = {}) =>
        this.#call(life, 'read', [key], signal, () => backend.read(key, options)),
      stat: (key, { signal } = {}) => this.#call(life, 'stat', [key], signal, () => backend.stat(key)),
      list: () => {
        throw new Error('nothing lists the store yet')
      },
      delete: (targets, { signal } = {}) =>
        this.#call(
          life,
          'delete',
          targets.map(({ key }) => key),
          signal,
          () => this.#delete(life, targets),
        ),
    }
  }

  async #write(life: Life, key: string, bytes: Uint8Array, { ifAbsent }: WriteOptions) {
    const written = await this.#backend.write(key, bytes, {
      size: bytes.length,
      ...(ifAbsent && { ifAbsent }),
    })
    this.#world.watched(() => this.#world.witness.written(key))
    // Nobody cleans up behind a process that was overtaken and still writes.
    if (life !== life.machine.owner) this.litter.add(key)
    return written
  }

  async #delete(life: Life, targets: readonly DeleteTarget[]): Promise<DeleteOutcome[]> {
    for (const { key } of targets) this.#world.watched(() => this.#world.witness.mayBeDeleted(key, life.name))
    return this.#backend.delete(targets)
  }

  #call<T>(
    life: Life,
    what: Call['what'],
    keys: readonly string[],
    signal: AbortSignal | undefined,
    perform: () => Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const call: Call = {
        number: this.#number++,
        life,
        what,
        keys,
        perform: async () => {
          try {
            const value = await perform()
            return () => resolve(value)
          } catch (error) {
            return () => reject(error)
          }
        },
        fail: reject,
        answered: false,
        until: this.#world.time.now + LONGEST_FLIGHT_MS,
      }
      const onAbort = () => {
        if (call.answered) return
        call.answered = true
        reject(new HoldfastError('HF_BACKEND', 'the call was given up', { kind: 'aborted' }))
      }
      if (signal?.aborted) return onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      const own = keys[0]?.startsWith(`${RESERVED_FOLDER}/`) === true
      // Most reads of the store's own records are answered at once: they are most of all calls.
      if (own && what === 'read' && !this.#outage && !this.#world.random.chance(10)) void this.#settle(call)
      else this.calls.push(call)
    })
  }

  /** Lets one call through. */
  async deliver(call: Call, fate: Fate): Promise<void> {
    const at = this.calls.indexOf(call)
    if (at >= 0) this.calls.splice(at, 1)
    const { life, what, keys } = call
    const name = `${what} ${keys.join(' ')} of ${life.name}`
    if (call.answered || life.isDead) {
      call.answered = true
      const lands =
        (what === 'write' || what === 'delete') && fate !== 'failed' && call.until > this.#world.time.now
      this.#world.note(`${what} ${lands ? 'lands late' : 'never arrives'}`)
      this.#world.trace(() => `${name} ${lands ? 'lands late' : 'never arrives'}`)
      if (!lands) return
      for (const key of keys) if (what === 'write' && !this.objects.byKey.has(key)) this.litter.add(key)
      await call.perform()
      return
    }
    this.#world.note(`${what} ${fate}`)
    this.#world.trace(() => `${name} ${fate}`)
    if (fate === 'done') return this.#settle(call)
    if (fate === 'lost') await call.perform()
    if (fate === 'late') this.calls.push(call)
    call.answered = true
    call.fail(new HoldfastError('HF_BACKEND', `a simulated fault: ${fate}`, { kind: 'unavailable' }))
  }

  async #settle(call: Call): Promise<void> {
    const answer = await call.perform()
    call.answered = true
    call.life.whenRunning(answer)
  }
}
