import { statfsSync } from 'node:fs'
import {
  type Clock,
  type FailpointRegistry,
  HoldfastError,
  type Logger,
  messageOf,
  type Timer,
} from '@holdfast/core'
import { Reserve } from './reserve.ts'

/** How long an answer of the file system about its room is believed, ms. */
const FRESH_MS = 1000
/** How often a reserve that was given away is looked after, ms. */
const TEND_MS = 1000
/** An I/O error with less room than this is taken for a full disk, bytes: LMDB has no other word for half a write. */
const NEARLY_FULL = 16 * 1024 * 1024
/** With less room than this at the start the reserve is given away at once: not even the lock could be written, bytes. */
const TOO_LITTLE_TO_START = 1024 * 1024

/** What LMDB and the system call a full disk, a full quota, a full map. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 28, 122, -30792])
const IO_ERROR: ReadonlySet<unknown> = new Set(['EIO', 5])

export interface DiskParts {
  readonly dataDir: string
  /** Size of the reserve, bytes; 0: none. */
  readonly reserve: number
  /** Room below which nothing new is written, bytes; 0: never. */
  readonly lowWater: number
  readonly clock: Clock
  readonly failpoints: FailpointRegistry
  readonly log: Logger
}

/**
 * The room on the data folder's disk. New writes are refused first, below the low-water mark; what deletes goes on to
 * the last block, and beyond it on the reserve. The reserve is built again when there is room for it.
 */
export class Disk {
  readonly #parts: DiskParts
  readonly #reserve: Reserve
  readonly #closing = new AbortController()
  #free = 0
  #lookedAt = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #building: Promise<void> | undefined

  constructor(parts: DiskParts) {
    this.#parts = parts
    this.#reserve = new Reserve(parts.dataDir, parts.reserve)
  }

  /** Before the start: on a full disk even the start needs the reserve. */
  prepare(): void {
    this.#reserve.removeUnfinished()
    if (this.#look() < TOO_LITTLE_TO_START || this.#reserve.size === 0) this.#reserve.release()
  }

  /** Builds the reserve if it is not there, now and whenever it was given away. Does not wait for it. */
  begin(): void {
    this.#tend()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#timer?.clear()
    await this.#building
  }

  /** @throws HF_NO_SPACE below the low-water mark */
  mustHaveRoom(operation: string): void {
    const { lowWater, clock } = this.#parts
    if (lowWater === 0) return
    if (clock.monotonic() - this.#lookedAt >= FRESH_MS) this.#look()
    if (this.#free >= lowWater) return
    throw new HoldfastError(
      'HF_NO_SPACE',
      `the disk of the data folder has ${this.#free} bytes left, less than its low-water mark of ${lowWater}: nothing new is written; delete files, or make room`,
      { operation, context: { free: this.#free, lowWater } },
    )
  }

  /** Whether an error of the engine says that the disk is full. */
  isFull(error: unknown): boolean {
    const { code } = error as { readonly code?: unknown }
    return FULL.has(code) || (IO_ERROR.has(code) && this.#look() < NEARLY_FULL)
  }

  /** Gives the reserve away. False when there is none: then there is nothing more that could be done here. */
  async makeRoom(): Promise<boolean> {
    const { failpoints, log } = this.#parts
    // Somebody who fills the disk with a reserve gives it back as soon as that is done.
    await this.#building
    if (failpoints.armed) await failpoints.hit('reserve.release.before')
    const released = this.#reserve.release()
    if (failpoints.armed) await failpoints.hit('reserve.release.after')
    this.#look()
    if (released) log.warn({ bytes: this.#reserve.size }, 'the disk is full: the reserve was given away')
    this.#later()
    return released
  }

  #look(): number {
    const { bavail, bsize } = statfsSync(this.#parts.dataDir)
    this.#lookedAt = this.#parts.clock.monotonic()
    this.#free = bavail * bsize
    return this.#free
  }

  #tend(): void {
    if (this.#closing.signal.aborted || this.#reserve.size === 0 || this.#building) return
    if (this.#reserve.isThere) return
    if (this.#look() < this.#reserve.size + this.#parts.lowWater) {
      this.#later()
      return
    }
    this.#building = this.#build().finally(() => {
      this.#building = undefined
    })
  }

  async #build(): Promise<void> {
    const { failpoints, log } = this.#parts
    try {
      if (failpoints.armed) await failpoints.hit('reserve.build.before')
      await this.#reserve.build(this.#closing.signal)
      if (failpoints.armed) await failpoints.hit('reserve.build.after')
    } catch (error) {
      if (this.#closing.signal.aborted) return
      log.warn({ cause: messageOf(error) }, 'the reserve on the disk could not be built; it is tried again')
      this.#later()
    }
  }

  #later(): void {
    if (this.#closing.signal.aborted || this.#reserve.size === 0) return
    this.#timer?.clear()
    this.#timer = this.#parts.clock.timer(TEND_MS, () => this.#tend())
  }
}
