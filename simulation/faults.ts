import type { FailpointName } from '@holdfast/core'
import { EraseQueue } from '../packages/manifest/src/erase/queue.ts'
import { Rows } from '../packages/manifest/src/state/rows.ts'
import type { Life } from './life.ts'
import type { Machine } from './machine.ts'
import { Store } from './store.ts'
import type { World } from './world.ts'

/** Points inside synchronous code: whoever dies there does not wait. */
const SYNCHRONOUS: readonly string[] = [
  'manifest.commit.inside',
  'install.switch.before',
  'install.switch.after',
]
/** Points at which an error is what a log or a disk could give. */
const FAILING: readonly FailpointName[] = [
  'manifest.commit.before',
  'manifest.commit.inside',
  'manifest.commit.after',
]
const LONGEST_DRIFT_MS = 12 * 3_600_000

/** What goes wrong, each thing by itself and all together. */
export class Faults {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Lets one thing go wrong, or get better. */
  strike(): void {
    const { random, log } = this.#world
    const machine = random.pick(this.#world.machines) as Machine
    const what = random.weighted({
      kill: 14,
      power: 10,
      point: 20,
      lost: 14,
      full: 8,
      clock: 8,
      pause: 8,
      overtake: 8,
      resume: 12,
      outage: 6,
      mount: 12,
      stray: 4,
      cut: log ? 16 : 0,
      leader: log ? 4 : 0,
      truncate: log ? 8 : 0,
    })
    this.#world.note(`fault ${what}`)
    this[what](machine)
  }

  kill({ owner }: Machine): void {
    if (owner) this.#world.kill(owner)
  }

  power(machine: Machine): void {
    this.#world.cutPower(machine)
  }

  /** The process dies at a point of the code. */
  point({ owner }: Machine): void {
    if (!owner) return
    const { random } = this.#world
    const names = owner.failpoints.names().filter((name) => !name.startsWith('journal.compact'))
    const busy = names.filter((name) => /^(manifest|files|eraser|recovery|install)/.test(name))
    const name = random.pick(random.chance(75) ? busy : names) as FailpointName
    const skip = random.between(0, 3)
    const withPower = random.chance(40)
    this.#world.trace(() => `${owner.name} will die at ${name}, the ${skip + 1}. time`)
    const call = () => {
      if (withPower) this.#world.cutPower(owner.machine)
      else this.#world.kill(owner)
      if (SYNCHRONOUS.includes(name)) throw new Error('this process is dead')
      return new Promise<never>(() => undefined)
    }
    owner.failpoints.arm(name, { kind: 'callback', call }, { skip })
  }

  /** A commit fails, or its answer is lost. */
  lost({ owner }: Machine): void {
    if (!owner) return
    const { random } = this.#world
    const name = random.chance(50) ? 'manifest.commit.after' : (random.pick(FAILING) as FailpointName)
    const skip = random.between(0, 2)
    this.#world.trace(() => `${owner.name} will fail at ${name}, the ${skip + 1}. time`)
    owner.failpoints.arm(name, { kind: 'error' }, { skip })
  }

  /** The next transaction fails when it is made durable. */
  full({ name, manifest, journal }: Machine): void {
    const { random } = this.#world
    const disk = random.chance(80) ? manifest : journal
    disk.fault = random.chance(50) ? 'full' : 'broken'
    this.#world.trace(() => `a disk of ${name} is ${disk.fault}`)
  }

  clock(machine: Machine): void {
    const { random } = this.#world
    const by = random.between(-3_600_000, 2 * 3_600_000)
    machine.drift = Math.max(-LONGEST_DRIFT_MS, Math.min(LONGEST_DRIFT_MS, machine.drift + by))
    this.#world.trace(() => `the clock of ${machine.name} goes by ${by}`)
  }

  pause({ owner }: Machine): void {
    if (!owner?.runs) return
    owner.pause()
    this.#world.trace(() => `${owner.name} is paused`)
  }

  /** Somebody takes a paused process for dead and starts the next one. */
  overtake(machine: Machine): void {
    const { owner } = machine
    if (!owner?.runs || machine.lives.length > 2) return
    this.pause(machine)
    this.#world.launch(machine)
  }

  resume({ lives }: Machine): void {
    const paused = this.#world.random.pick(lives.filter((life: Life) => life.isPaused))
    if (!paused) return
    this.#world.trace(() => `${paused.name} goes on`)
    paused.resume()
  }

  outage({ store, name }: Machine): void {
    store.outage = true
    this.#world.trace(() => `the store of ${name} is away`)
  }

  /** The machine comes up with another store in the place of its own, or has its own again. */
  mount(machine: Machine): void {
    if (!machine.hasStarted) return
    this.#world.cutPower(machine)
    const { store, strange } = machine
    machine.strange = strange ? undefined : new Store(this.#world, store.topology)
    this.#world.trace(() => `${machine.name} has ${strange ? 'its own' : 'another'} store`)
  }

  /** A row of the erase queue that names a listed key, as a bug would leave it. Only who may erase looks at it again. */
  stray(machine: Machine): void {
    const { random, seal, log } = this.#world
    const entry = random.pick(machine.witness.live)
    if (!entry || (log && machine.store.topology === 'shared')) return
    this.#world.cutPower(machine)
    const rows = new Rows(machine.manifest.rows, seal)
    rows.transaction(() => new EraseQueue(rows).add(entry.key, 0))
    this.#world.trace(() => `${machine.name} has ${entry.key} in its erase queue`)
  }

  cut(machine: Machine): void {
    machine.isCut = true
    this.#world.trace(() => `${machine.name} is cut off`)
  }

  leader(): void {
    this.#world.log?.changeLeader()
  }

  /** The log keeps less than some node needs; never less than what one of them has. */
  truncate(): void {
    const { log, newest, random } = this.#world
    if (!log) return
    const index = newest.index - random.between(0, 5)
    if (index <= log.floor.index) return
    log.truncate(index)
    this.#world.trace(() => `the log begins behind ${index}`)
  }
}
