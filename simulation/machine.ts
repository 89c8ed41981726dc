import { Disk } from './disk.ts'
import type { Life } from './life.ts'
import type { Store } from './store.ts'
import { Witness } from './witness.ts'
import type { World } from './world.ts'

/** Where a node runs: its disks and its wall clock outlast its processes. */
export class Machine {
  readonly name: string
  readonly manifest = new Disk()
  readonly journal = new Disk()
  readonly witness: Witness
  /** Where the bytes of its files are. */
  readonly store: Store
  /** Another one, that somebody has mounted in its place. */
  strange: Store | undefined
  /** It is cut off from the shared log. */
  isCut = false
  /** What its wall clock is ahead of the world's time, ms. */
  drift = 0
  /** Processes that are not dead. */
  lives: Life[] = []
  /** Processes that were ever there. */
  born = 0
  /** One of them has started: from then on its store is known. */
  hasStarted = false

  constructor(world: World, name: string, store: Store) {
    this.name = name
    this.store = store
    this.witness = new Witness(world, this)
    this.manifest.whenReplaced = () => world.watched(() => this.witness.replacing())
  }

  /** Whoever was overtaken owns nothing any more, also when the other one is dead. */
  get owner(): Life | undefined {
    return this.lives.find(({ number }) => number === this.born)
  }
}
