import type { Entry, StorageKey } from '@holdfast/core'
import { RESERVED_FOLDER } from '@holdfast/core'
import { checkState } from '../packages/manifest/src/state/check.ts'
import { condemned, entries } from '../packages/manifest/src/state/scans.ts'
import { State } from '../packages/manifest/src/state/state.ts'
import type { Machine } from './machine.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

/**
 * Knows from outside what must hold, whatever happens inside: it reads the disk of one machine and the stores, never a
 * node, and remembers what users and consumers were told there.
 */
export class Witness {
  readonly #world: World
  readonly #machine: Machine
  readonly #state: State
  #seen = -1
  readonly #toldDeleted = new Set<string>()
  /** Newest record that anybody outside was told of. */
  #told = 0
  /** Records that this machine has never applied, as it took another one's state: behind `from`, up to `to`. */
  readonly #gaps: { readonly from: number; to: number }[] = []
  /** From this record on its consumer hears of deletions. */
  #listensSince: number | undefined

  constructor(world: World, machine: Machine) {
    this.#world = world
    this.#machine = machine
    this.#state = new State(machine.manifest.rows, world.seal)
  }

  get index(): number {
    return this.#state.head.index
  }

  get digest(): bigint {
    return this.#state.head.digest
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
    const { ledger } = this.#world
    const { index, digest, generation, time } = this.#state.head
    const gap = this.#gaps.at(-1)
    if (gap?.to === Number.POSITIVE_INFINITY) gap.to = Math.max(index, ledger.newest)
    if (index < this.#told)
      throw new Violation(`record ${this.#told} was acknowledged, and the state is at ${index}`)
    if (!ledger.isNew(index, `${digest} at generation ${generation}`)) return
    const present = new Set<string>()
    for (const entry of entries(this.#state, {}).items) {
      present.add(entry.key)
      ledger.isListed(entry, index)
      this.#mustHaveBytes(entry, 'listed')
    }
    for (const { key, entry, notBefore, run, reason } of condemned(this.#state, {}).items) {
      present.add(key)
      ledger.isCondemned(key, index, notBefore)
      if (run !== undefined && reason.startsWith('retention:'))
        this.#world.gatekeeper.mustHaveAllowed(run, key)
      if (entry) this.#mustHaveBytes(entry, 'condemned')
    }
    for (const key of ledger.open) {
      const how = present.has(key) ? undefined : this.#retirement(key)
      if (how) ledger.isRetired(key, how, index, time)
    }
  }

  /** In an older state there may be files that were deleted since. */
  #mustHaveBytes({ path, key, checksum, size, origin }: Entry, how: string): void {
    const object = this.#world.storeOf(origin).objects.byKey.get(key)
    if (object?.checksum === checksum && object.size === size) return
    if (this.#world.ledger.retired.has(key)) return
    throw new Violation(`${path} is ${how} as ${key}, whose bytes are ${object ? 'others' : 'not there'}`)
  }

  #retirement(key: string): 'doomed' | 'gone' | undefined {
    const state = this.#state.key(key as StorageKey)?.state
    return state === 'doomed' || state === 'gone' ? state : undefined
  }

  /** The store is about to delete these bytes. */
  mayBeDeleted(key: string, by: string): void {
    this.look()
    const { ledger } = this.#world
    if (ledger.retired.has(key)) return
    const how = this.#retirement(key)
    const { index, time } = this.#state.head
    if (how) {
      ledger.isRetired(key, how, index, time)
      return
    }
    const state = this.#state.key(key as StorageKey)?.state ?? 'unknown'
    throw new Violation(`${by} deletes ${key}, which is ${state}`)
  }

  /** Somebody outside has seen this record. */
  told(index: number): void {
    this.#told = Math.max(this.#told, index)
  }

  toldDeleted(key: string): void {
    if (!this.#world.ledger.retired.has(key) && !this.#retirement(key))
      throw new Violation(`a consumer was told that ${key} is deleted, and it is not`)
    this.#toldDeleted.add(key)
  }

  /** Its consumer hears of what comes from now on. */
  listens(): void {
    this.look()
    this.#listensSince ??= this.index
  }

  /** Another state takes the place of its own. */
  replacing(): void {
    this.look()
    this.#gaps.push({ from: this.index, to: Number.POSITIVE_INFINITY })
  }

  /** A user was told that this file is listed. */
  acknowledged(key: string): void {
    if (!this.#state.key(key as StorageKey))
      throw new Violation(`a write of ${key} was acknowledged, and the manifest does not know it`)
  }

  /** What a hold covers here and now. */
  covered(covers: (entry: Entry) => boolean): ReadonlySet<string> {
    const keys = new Set<string>()
    for (const entry of entries(this.#state, {}).items) if (covers(entry)) keys.add(entry.key)
    for (const { entry } of condemned(this.#state, {}).items) if (entry && covers(entry)) keys.add(entry.key)
    return keys
  }

  /** What must hold when everything has healed and become quiet. Gives the keys that are kept. */
  atRest(): ReadonlySet<string> {
    this.look()
    const { name } = this.#machine
    const problems = checkState(this.#state, this.#machine.manifest.rows, this.#world.seal)
    if (problems.length > 0)
      throw new Violation(`the state of ${name} does not add up: ${problems.join('; ')}`)
    const kept = new Set<string>()
    for (const entry of this.live) {
      kept.add(entry.key)
      this.#mustHaveBytes(entry, 'listed')
    }
    for (const { key, entry, notBefore } of condemned(this.#state, {}).items) {
      kept.add(key)
      if (entry) this.#mustHaveBytes(entry, 'condemned')
      if (notBefore <= this.#state.head.time && this.#world.ledger.holds.length === 0)
        throw new Violation(`${key} is condemned and due, and nobody has taken it`)
    }
    for (const [key, listed, retired] of this.#world.ledger.deletedFiles()) {
      if (retired <= (this.#listensSince ?? Number.POSITIVE_INFINITY) || this.#toldDeleted.has(key)) continue
      // A file that was written and deleted in such a gap was never there.
      if (this.#gaps.some(({ from, to }) => listed > from && retired <= to)) continue
      throw new Violation(`no consumer of ${name} was told that ${key} is deleted`)
    }
    return kept
  }
}

/** Bytes that nobody lists are gone from every store. */
export function nothingIsLeft(world: World, kept: ReadonlySet<string>): void {
  for (const store of world.stores)
    for (const key of store.objects.byKey.keys()) {
      if (key.startsWith(`${RESERVED_FOLDER}/`) || kept.has(key) || world.ledger.litter.has(key)) continue
      throw new Violation(`the bytes of ${key} are still there, and nobody lists them`)
    }
}
