import type { Clock, Log, Position } from '@holdfast/core'
import { MemoryLogClient } from './client.ts'
import { type HeldAppend, LogFaults } from './faults.ts'
import { Records } from './records.ts'

export interface MemoryLogOptions {
  /** Default 1 MiB. */
  readonly maxRecordBytes?: number
}

/**
 * A log in this process that several nodes share, with the faults of a real one on demand. It obeys every law of `Log`.
 *
 * ```ts
 * const shared = memoryLog()
 * const [one, two] = [shared.connect('one'), shared.connect('two')]
 * using _cut = shared.partition('two')
 * ```
 */
export function memoryLog(options: MemoryLogOptions = {}): MemoryLog {
  return new MemoryLog(options)
}

/** The levers of a test; nodes get what `connect` gives. */
export class MemoryLog {
  readonly #records: Records
  readonly #faults = new LogFaults()

  constructor({ maxRecordBytes = 1024 * 1024 }: MemoryLogOptions = {}) {
    this.#records = new Records(maxRecordBytes)
  }

  /** A client, by the name under which the levers know it. */
  connect(client = 'client'): Log {
    return new MemoryLogClient(client, this.#records, this.#faults)
  }

  get id(): string {
    return this.#records.id
  }

  get head(): Position {
    return this.#records.head
  }

  get floor(): Position {
    return this.#records.floor
  }

  /** @throws TypeError for an index that is not between floor and head */
  positionAt(index: number): Position {
    const term = this.#records.termAt(index)
    if (term === undefined) throw new TypeError(`the log has no record ${index}`)
    return { term, index }
  }

  /** Cuts the network between a client and the log, until the result is disposed of. */
  partition(client: string): Disposable {
    this.#faults.cut(client, 1)
    // Its followers notice.
    this.#records.changed()
    return { [Symbol.dispose]: () => this.#faults.cut(client, -1) }
  }

  /** Every call of a client takes this long (ms on the clock) to arrive, until the result is disposed of. */
  delay(client: string, ms: number, clock: Clock): Disposable {
    this.#faults.delay(client, { ms, clock })
    return { [Symbol.dispose]: () => this.#faults.delay(client, undefined) }
  }

  /** The next appends are done, and their answers get lost: HF_COMMIT_UNKNOWN. */
  loseAnswers(count = 1): void {
    this.#faults.lost += count
  }

  /**
   * The next append stays on its way: its node hears HF_COMMIT_UNKNOWN, and it arrives when the result's `land` is called,
   * however late. `whenHeld` is called before the node hears of it: cut the node off there, and it stays in doubt.
   */
  holdAppend(whenHeld: () => void = () => undefined): HeldAppend {
    return this.#faults.hold(whenHeld)
  }

  /** The next appends are not done, and say so: HF_LOG_UNAVAILABLE. */
  failAppends(count = 1): void {
    this.#faults.failing += count
  }

  /** Another leader: what is appended from now on has the next term. */
  changeLeader(): void {
    this.#records.changeLeader()
  }

  /** Truncates, as somebody else would. */
  truncate(upTo: Position): void {
    this.#records.truncate(upTo)
  }

  /** The log goes back in time: the newest records are gone, as after a restore from a copy. Never below the floor. */
  dropNewest(count: number): void {
    this.#records.dropNewest(count)
  }

  /** Empties the log and gives it another id. */
  recreate(): void {
    this.#records.recreate()
  }
}
