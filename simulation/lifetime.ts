import { createSeal, type Seal } from '../packages/manifest/src/format/seal.ts'
import { Faults } from './faults.ts'
import { heal } from './healing.ts'
import type { Machine } from './machine.ts'
import type { Call, Fate } from './store.ts'
import { Users } from './users.ts'
import { Violation } from './violation.ts'
import { type Observers, World } from './world.ts'

export interface Lifetime {
  readonly seed: number
  readonly steps: number
  /** What must never be, and was. */
  readonly violation: Violation | undefined
}

/** Loads what all lifetimes share. */
export const loadSeal: () => Promise<Seal> = createSeal

const STEPS = 120
/** Turns of the event loop that a step gets: more than any chain of promises needs that rests on nothing else. */
const TURNS = 4

/** One world, from an empty store through everything that the seed has for it to its rest. */
export async function live(seed: number, seal: Seal, observers: Observers = {}): Promise<Lifetime> {
  const world = new World(seed, seal, observers)
  let steps = 0
  try {
    const users = new Users(world)
    const faults = new Faults(world)
    world.launch(world.machines[0] as Machine)
    for (; steps < STEPS && !world.violation; steps++) {
      await step(world, users, faults)
      await turns(TURNS)
      world.watched(() => world.witness.look())
    }
    if (!world.violation) await heal(world)
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    world.violation ??= error
  }
  for (const life of world.lives) life.die()
  return { seed, steps, violation: world.violation }
}

async function step(world: World, users: Users, faults: Faults): Promise<void> {
  const { random, time, store } = world
  const [machine] = world.machines as [Machine]
  if (store.outage && random.chance(15)) store.outage = false
  if (!machine.owner && random.chance(30)) return void world.launch(machine)
  switch (random.weighted({ use: 40, call: 34, leap: 12, fault: 9 })) {
    case 'use': {
      const life = random.pick(world.lives.filter(({ runs }) => runs))
      if (life) users.act(life)
      return
    }
    case 'call': {
      for (let count = random.between(1, 4); count > 0; count--) {
        const call = random.pick(store.calls)
        if (call) await store.deliver(call, fateOf(world, call))
      }
      return
    }
    case 'leap':
      time.leap(random.between(1, random.pick([100, 10_000, 600_000, 3_600_000]) as number))
      return fireTimers(world)
    case 'fault':
      faults.strike()
      machine.manifest.sync()
  }
}

function fateOf({ random, store }: World, { what }: Call): Fate {
  if (store.outage) return random.chance(80) ? 'failed' : 'late'
  const changes = what === 'write' || what === 'delete'
  return random.weighted(
    changes ? { done: 88, failed: 4, lost: 4, late: 4 } : { done: 95, failed: 5, lost: 0, late: 0 },
  )
}

export async function fireTimers(world: World): Promise<void> {
  for (const fire of world.time.takeDue()) {
    fire()
    await turns(1)
  }
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
