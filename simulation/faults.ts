import type { FailpointName } from '@holdfast/core'
import type { Life } from './life.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

/** Points inside synchronous code: whoever dies there does not wait. */
const SYNCHRONOUS: readonly string[] = ['manifest.commit.inside']
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
    const { random } = this.#world
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
    const busy = names.filter((name) => /^(manifest|files|eraser|recovery)/.test(name))
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

  outage(): void {
    const { store } = this.#world
    store.outage = true
    this.#world.trace(() => 'the store is away')
  }
}
