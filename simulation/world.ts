import type { Seal } from '../packages/manifest/src/format/seal.ts'
import { Calls } from './calls.ts'
import { Gatekeeper } from './gatekeeper.ts'
import { Ledger } from './ledger.ts'
import { Life } from './life.ts'
import { SharedLog } from './log.ts'
import { Machine } from './machine.ts'
import { Random } from './random.ts'
import { Store } from './store.ts'
import { Time } from './time.ts'
import { Violation } from './violation.ts'
import type { Witness } from './witness.ts'

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
  readonly calls = new Calls(this)
  readonly ledger = new Ledger()
  readonly gatekeeper = new Gatekeeper(this)
  /** Undefined for a node with a log of its own. */
  readonly log: SharedLog | undefined
  /** One, or one for each machine. */
  readonly stores: readonly Store[]
  readonly machines: readonly Machine[]
  readonly #observers: Observers
  #count = 0
  /** The first thing that must never be. */
  violation: Violation | undefined

  /** `nodes`: how many; by default the seed decides. */
  constructor(seed: number, seal: Seal, observers: Observers, nodes?: number) {
    this.random = new Random(seed)
    this.seal = seal
    this.#observers = observers
    const chosen = Number(this.random.weighted({ '1': 40, '2': 25, '3': 35 }))
    const names = NAMES.slice(0, nodes ?? chosen)
    if (names.length > 1) this.log = new SharedLog(this)
    const isShared = this.random.chance(50) && names.length > 1
    this.stores = (isShared ? ['all'] : names).map(() => new Store(this, isShared ? 'shared' : 'local'))
    this.machines = names.map(
      (name, at) => new Machine(this, name, (this.stores[at] ?? this.stores[0]) as Store),
    )
    this.trace(() => `${names.join(', ')}: ${isShared ? 'one store' : 'a store each'}`)
  }

  /** Where the bytes are of what a node has written. */
  storeOf(origin: string): Store {
    const machine = this.machines.find(({ name }) => name === origin)
    if (!machine) throw new TypeError(`there is no machine ${origin}`)
    return machine.store
  }

  /** Of the machine that has the newest state. */
  get newest(): Witness {
    const [first, ...others] = this.machines.map(({ witness }) => witness) as [Witness, ...Witness[]]
    return others.reduce((newest, other) => (other.index > newest.index ? other : newest), first)
  }

  readonly count = (): number => ++this.#count

  readonly note = (what: string): void => {
    const { census } = this.#observers
    census?.set(what, (census.get(what) ?? 0) + 1)
  }

  /** Whoever only thinks about a line must not change what happens. */
  readonly trace = (line: () => string): void => {
    this.#observers.print?.(`${String(this.time.now).padStart(10)} ${line()}`)
  }

  /** Lets no violation get lost in somebody's promise. */
  readonly watched = (fn: () => void): void => {
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
        machine.hasStarted = true
        this.watched(() => machine.witness.listens())
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

const NAMES = ['n1', 'n2', 'n3']

const EXPECTED = [
  'HF_BACKEND',
  'HF_COMMIT_FAILED',
  'HF_NO_SPACE',
  'HF_COMMIT_UNKNOWN',
  'HF_DATADIR_TAKEN',
  'HF_PLUGIN_FAILED',
  'HF_PLUGIN_HUNG',
  'HF_FAILPOINT',
  'HF_LOG_UNAVAILABLE',
]

/** A start may fail for what the world does to it, and for nothing else. */
function mustBeExpected(life: Life, error: unknown): void {
  const { code, message } = error as { code?: string; message?: string }
  if (code === 'HF_STORE_MISMATCH' && life.store !== life.machine.store) return
  if (code === undefined || !EXPECTED.includes(code))
    throw new Violation(`${life.name} could not start: ${code} ${message}`)
}
