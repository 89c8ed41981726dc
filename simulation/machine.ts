import { Disk } from './disk.ts'
import type { Life } from './life.ts'

/** Where a node runs: its disks and its wall clock outlast its processes. */
export class Machine {
  readonly name: string
  readonly manifest = new Disk()
  readonly journal = new Disk()
  /** What its wall clock is ahead of the world's time, ms. */
  drift = 0
  /** Processes that are not dead. */
  lives: Life[] = []
  /** Processes that were ever there. */
  born = 0

  constructor(name: string) {
    this.name = name
  }

  /** Whoever was overtaken owns nothing any more, also when the other one is dead. */
  get owner(): Life | undefined {
    return this.lives.find(({ number }) => number === this.born)
  }
}
