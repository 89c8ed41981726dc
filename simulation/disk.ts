import type { Beside } from '../packages/manifest/src/install/beside.ts'
import type { KeyValue, Writer } from '../packages/manifest/src/store/key-value.ts'
import { DURABILITY } from '../packages/manifest/src/store/lmdb.ts'
import { openMemory } from '../packages/manifest/src/store/memory.ts'
import { switchable } from '../packages/manifest/src/store/switchable.ts'

type Change = readonly [key: Buffer, before: Buffer | undefined]

/** What a disk does when a transaction is committed. */
export type CommitFault = 'full' | 'broken'

/**
 * The rows of one node on its disk, as the engine keeps them: what a transaction wrote is visible when it returns, and
 * durable then or, if the engine is opened so, a little later. A power cut takes away what is not durable.
 */
export class Disk {
  /** The rows that the next process finds. */
  #current = openMemory()
  readonly #shown = switchable(this.#current)
  /** Changes of transactions that are visible and not durable, oldest first. */
  readonly #unsynced: Change[][] = []
  /** Room that can be given away, once. */
  reserve = true
  /** The next commit fails. */
  fault: CommitFault | undefined
  /** Changes whenever the rows do. */
  version = 0
  /** Other rows take the place of these. */
  whenReplaced: () => void = () => undefined

  /** What is there, for whoever looks from outside. */
  get rows(): KeyValue {
    return this.#shown
  }

  /** The rows as one process has them: when it is dead, nothing that it still writes comes to anything. */
  open(isDead: () => boolean): KeyValue {
    return this.#open(this.#current, isDead)
  }

  /** Room for other rows, that can take the place of these. Who has these open goes on with them, as with a file that was removed. */
  beside(isDead: () => boolean): Beside {
    const next = openMemory()
    return {
      store: this.#open(next, isDead),
      takePlace: () => {
        mustLive(isDead)
        this.whenReplaced()
        this.#current = next
        this.#shown.swap(next)
        this.#unsynced.length = 0
        this.version++
      },
      sync: () => undefined,
      discard: async () => undefined,
    }
  }

  #open(rows: KeyValue, isDead: () => boolean): KeyValue {
    return { ...rows, transaction: (fn) => this.#transact(rows, fn, isDead), close: async () => undefined }
  }

  #transact<T>(rows: KeyValue, fn: (writer: Writer) => T, isDead: () => boolean): T {
    mustLive(isDead)
    const changes: Change[] = []
    const result = rows.transaction((writer) => {
      const value = fn({
        put: (key, bytes) => {
          changes.push([Buffer.from(key), rows.get(key)])
          writer.put(key, bytes)
        },
        insert: (key, bytes) => {
          if (!writer.insert(key, bytes)) return false
          changes.push([Buffer.from(key), undefined])
          return true
        },
        remove: (key) => {
          changes.push([Buffer.from(key), rows.get(key)])
          return writer.remove(key)
        },
      })
      // It may have died in the middle.
      mustLive(isDead)
      if (changes.length > 0) this.#mayFail()
      return value
    })
    if (changes.length > 0 && rows === this.#current) {
      this.version++
      if (DURABILITY.overlappingSync || DURABILITY.noSync) this.#unsynced.push(changes)
    }
    return result
  }

  #mayFail(): void {
    const { fault } = this
    this.fault = undefined
    if (fault !== undefined)
      throw Object.assign(new Error(`the disk is ${fault}`), { code: fault === 'full' ? 'ENOSPC' : 'EIO' })
  }

  /** The engine gets round to it. */
  sync(): void {
    this.#unsynced.length = 0
  }

  /** Gives the number of transactions that are gone. */
  cutPower(): number {
    const lost = this.#unsynced.splice(0)
    if (lost.length > 0) {
      this.version++
      this.#current.transaction((writer) => {
        for (const changes of lost.toReversed())
          for (const [key, before] of changes.toReversed())
            if (before) writer.put(key, before)
            else writer.remove(key)
      })
    }
    return lost.length
  }
}

function mustLive(isDead: () => boolean): void {
  if (isDead()) throw new Error('this process is dead')
}
