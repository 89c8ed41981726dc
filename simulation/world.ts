import type { Seal } from '../packages/manifest/src/format/seal.ts'
import { Life } from './life.ts'
import { Machine } from './machine.ts'
import { Random } from './random.ts'
import { Store } from './store.ts'
import { Time } from './time.ts'
import { Violation } from './violation.ts'
import { Witness } from './witness.ts'

export type Trace = (line: string) => void

/** How often what happened, over many lifetimes. */
export type Census = Map<string, number>

export interface Observers {
  readonly print?: Trace | undefined
  readonly census?: Census | undefined
}

/** Everything that is there in one lifetime. */
export class World {
  readonly random: Random
  readonly seal: Seal
  readonly time = new Time()
  readonly store: Store
  readonly machines: readonly Machine[]
  readonly witness: Witness
  readonly #observers: Observers
  #count = 0
  /** The first thing that must never be. */
  violation: Violation | undefined

  constructor(seed: number, seal: Seal, observers: Observers) {
    this.random = new Random(seed)
    this.seal = seal
    this.#observers = observers
    this.store = new Store(this)
    this.machines = [new Machine('n1')]
    this.witness = new Witness(this, this.machines[0] as Machine)
  }

  readonly count = (): number => ++this.#count

  note(what: string): void {
    const { census } = this.#observers
    census?.set(what, (census.get(what) ?? 0) + 1)
  }

  /** Whoever only thinks about a line must not change what happens. */
  readonly trace = (line: () => string): void => {
    this.#observers.print?.(`${String(this.time.now).padStart(10)} ${line()}`)
  }

  /** Lets no violation get lost in somebody's promise. */
  watched(fn: () => void): void {
    try {
      fn()
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      this.violation ??= error
    }
  }

  get lives(): readonly Life[] {
    return this.machines.flatMap(({ lives }) => lives)
  }

  /** Starts a process on a machine; one that is there already loses its disks to it. */
  launch(machine: Machine): Life {
    const life = new Life(this, machine, ++machine.born)
    machine.lives.push(life)
    this.trace(() => `${life.name} starts`)
    life.node.start().then(
      () => {
        if (life.isDead) return
        life.state = 'started'
        this.trace(() => `${life.name} has started`)
      },
      (error: unknown) => {
        if (life.isDead) return
        this.trace(
          () => `${life.name} could not start: ${String((error as { code?: string }).code ?? error)}`,
        )
        this.watched(() => mustBeExpected(life, error))
        this.kill(life)
      },
    )
    return life
  }

  kill(life: Life): void {
    if (life.isDead) return
    this.trace(() => `${life.name} dies`)
    this.note(`a process dies while ${life.state}`)
    life.die()
    life.machine.lives = life.machine.lives.filter((other) => other !== life)
  }

  /** Every process on the machine dies, and what its disks had not made durable is gone. */
  cutPower(machine: Machine): void {
    for (const life of [...machine.lives]) this.kill(life)
    const lost = machine.manifest.cutPower() + machine.journal.cutPower()
    this.trace(() => `${machine.name} loses its power, and ${lost} transactions`)
  }
}

const EXPECTED = [
  'HF_BACKEND',
  'HF_COMMIT_FAILED',
  'HF_NO_SPACE',
  'HF_COMMIT_UNKNOWN',
  'HF_DATADIR_TAKEN',
  'HF_PLUGIN_FAILED',
  'HF_PLUGIN_HUNG',
  'HF_FAILPOINT',
]

/** A start may fail for what the world does to it, and for nothing else. */
function mustBeExpected(life: Life, error: unknown): void {
  const { code, message } = error as { code?: string; message?: string }
  if (code === undefined || !EXPECTED.includes(code))
    throw new Violation(`${life.name} could not start: ${code} ${message}`)
}
