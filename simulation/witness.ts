import type { Entry, StorageKey } from '@holdfast/core'
import { RESERVED_FOLDER } from '@holdfast/core'
import { checkState } from '../packages/manifest/src/state/check.ts'
import { condemned, entries } from '../packages/manifest/src/state/scans.ts'
import { State } from '../packages/manifest/src/state/state.ts'
import type { Life } from './life.ts'
import type { Machine } from './machine.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

/**
 * Knows from outside what must hold, whatever happens inside: it reads the disks and the store, never a node, and
 * remembers what users and consumers were told.
 */
export class Witness {
  readonly #world: World
  readonly #machine: Machine
  readonly #state: State
  #seen = -1
  /** Keys with bytes that are not retired. */
  readonly #open = new Set<string>()
  readonly #written = new Set<string>()
  /** Keys that were doomed or gone; they never come back. */
  readonly retired = new Set<string>()
  /** Every entry that was ever listed, by its key. */
  readonly listed = new Map<string, Entry>()
  /** When a condemned key may be doomed. */
  readonly #notBefore = new Map<string, number>()
  readonly #digests = new Map<number, string>()
  readonly #held = new Map<string, ReadonlySet<string>>()
  readonly #deletedFiles = new Set<string>()
  readonly #toldDeleted = new Set<string>()
  /** Newest record that anybody outside was told of. */
  #told = 0

  constructor(world: World, machine: Machine) {
    this.#world = world
    this.#machine = machine
    this.#state = new State(machine.manifest.rows, world.seal)
  }

  get live(): readonly Entry[] {
    return entries(this.#state, {}).items
  }

  /** After every step, and before bytes are deleted. */
  look(): void {
    const { version } = this.#machine.manifest
    if (version === this.#seen) return
    this.#seen = version
    this.#state.reload()
    const { index, digest, generation, time } = this.#state.head
    if (index < this.#told)
      throw new Violation(`record ${this.#told} was acknowledged, and the state is at ${index}`)
    const both = `${digest} at generation ${generation}`
    const before = this.#digests.get(index)
    if (before === both) return
    if (before !== undefined) throw new Violation(`two digests at record ${index}: ${before}, then ${both}`)
    this.#digests.set(index, both)
    const present = new Set<string>()
    for (const entry of entries(this.#state, {}).items) {
      present.add(entry.key)
      this.listed.set(entry.key, entry)
      this.#mustHaveBytes(entry, 'listed')
    }
    for (const { key, entry, notBefore } of condemned(this.#state, {}).items) {
      present.add(key)
      this.#notBefore.set(key, notBefore)
      if (entry) this.#mustHaveBytes(entry, 'condemned')
    }
    for (const key of present)
      if (this.retired.has(key)) throw new Violation(`key ${key} was retired, and is used again`)
    for (const key of this.#open) if (!present.has(key)) this.#mayRetire(key, time)
  }

  #mustHaveBytes({ path, key, checksum, size }: Entry, how: string): void {
    const object = this.#world.store.objects.byKey.get(key)
    if (object?.checksum !== checksum || object.size !== size)
      throw new Violation(`${path} is ${how} as ${key}, whose bytes are ${object ? 'others' : 'not there'}`)
  }

  #mayRetire(key: string, time: number): void {
    const row = this.#state.key(key as StorageKey)
    if (row?.state !== 'doomed' && row?.state !== 'gone') return
    this.#open.delete(key)
    this.retired.add(key)
    for (const [id, keys] of this.#held)
      if (keys.has(key)) throw new Violation(`key ${key} is ${row.state}, and hold ${id} keeps it`)
    const notBefore = this.#notBefore.get(key)
    if (notBefore !== undefined && time < notBefore)
      throw new Violation(`key ${key} is ${row.state} ${notBefore - time} ms too early`)
    if (this.listed.has(key)) this.#deletedFiles.add(key)
  }

  /** The store has these bytes now. */
  written(key: string): void {
    if (key.startsWith(`${RESERVED_FOLDER}/`)) return
    if (this.#written.has(key)) throw new Violation(`bytes were written under ${key} twice`)
    this.#written.add(key)
    this.#open.add(key)
  }

  /** The store is about to delete these bytes. */
  mayBeDeleted(key: string, by: string): void {
    this.look()
    if (this.retired.has(key) || this.#isRetired(key)) return
    throw new Violation(
      `${by} deletes ${key}, which is ${this.#state.key(key as StorageKey)?.state ?? 'unknown'}`,
    )
  }

  /** A key whose bytes never came. */
  #isRetired(key: string): boolean {
    const row = this.#state.key(key as StorageKey)
    return row?.state === 'doomed' || row?.state === 'gone'
  }

  /** Somebody outside has seen this record. */
  told(_life: Life, index: number): void {
    this.#told = Math.max(this.#told, index)
  }

  toldDeleted(_life: Life, key: string): void {
    if (!this.#isRetired(key))
      throw new Violation(`a consumer was told that ${key} is deleted, and it is not`)
    this.#toldDeleted.add(key)
  }

  /** A user was told that this file is listed. */
  acknowledged(key: string): void {
    if (!this.#state.key(key as StorageKey))
      throw new Violation(`a write of ${key} was acknowledged, and the manifest does not know it`)
  }

  /** A user was told that a hold stands; what it covers now must stay. */
  held(id: string, covers: (entry: Entry) => boolean): void {
    const keys = new Set<string>()
    for (const entry of entries(this.#state, {}).items) if (covers(entry)) keys.add(entry.key)
    for (const { entry } of condemned(this.#state, {}).items) if (entry && covers(entry)) keys.add(entry.key)
    this.#held.set(id, keys)
  }

  /** Somebody asks for its end. */
  releasing(id: string): void {
    this.#held.delete(id)
  }

  get holds(): readonly string[] {
    return [...this.#held.keys()]
  }

  /** Somebody asks for what changes when keys may go. */
  asking(): void {
    this.#notBefore.clear()
  }

  /** What must hold when everything has healed and become quiet. */
  atRest(): void {
    this.look()
    const problems = checkState(this.#state, this.#machine.manifest.rows, this.#world.seal)
    if (problems.length > 0) throw new Violation(`the state does not add up: ${problems.join('; ')}`)
    const kept = new Set(this.live.map(({ key }) => key as string))
    for (const { key, notBefore } of condemned(this.#state, {}).items) {
      kept.add(key)
      if (notBefore <= this.#state.head.time && this.#held.size === 0)
        throw new Violation(`${key} is condemned and due, and nobody has taken it`)
    }
    for (const key of this.#world.store.objects.byKey.keys()) {
      if (key.startsWith(`${RESERVED_FOLDER}/`) || kept.has(key) || this.#world.store.litter.has(key))
        continue
      throw new Violation(`the bytes of ${key} are still there, and nobody lists them`)
    }
    for (const key of this.#deletedFiles)
      if (!this.#toldDeleted.has(key)) throw new Violation(`no consumer was told that ${key} is deleted`)
  }
}
