import { createSeal, type Seal } from '../packages/manifest/src/format/seal.ts'
import type { Call, Fate } from './calls.ts'
import { Faults } from './faults.ts'
import { heal } from './healing.ts'
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
/** Several nodes have more to do. */
const STEPS_OF_SEVERAL = 180
/** Turns of the event loop that a step gets: more than any chain of promises needs that rests on nothing else. */
const TURNS = 4

/** One world, from an empty store through everything that the seed has for it to its rest. */
export async function live(
  seed: number,
  seal: Seal,
  { nodes, ...observers }: Observers & { readonly nodes?: number | undefined } = {},
): Promise<Lifetime> {
  const world = new World(seed, seal, observers, nodes)
  let steps = 0
  try {
    const users = new Users(world)
    const faults = new Faults(world)
    for (const machine of world.machines) world.launch(machine)
    const most = world.log ? STEPS_OF_SEVERAL : STEPS
    for (; steps < most && !world.violation; steps++) {
      await step(world, users, faults)
      await turns(TURNS)
      for (const { witness } of world.machines) world.watched(() => witness.look())
    }
    if (!world.violation) await heal(world)
  } catch (error) {
    world.violation ??=
      error instanceof Violation ? error : new Violation(`healing ended in ${stackOf(error)}`)
  }
  for (const life of world.lives) life.die()
  return { seed, steps, violation: world.violation }
}

async function step(world: World, users: Users, faults: Faults): Promise<void> {
  const { random, time, stores, calls, machines } = world
  for (const store of stores) if (store.outage && random.chance(15)) store.outage = false
  for (const machine of machines) if (machine.isCut && random.chance(8)) machine.isCut = false
  for (const machine of machines)
    if (!machine.owner && random.chance(30)) {
      if (machine.strange && random.chance(50)) machine.strange = undefined
      return void world.launch(machine)
    }
  switch (random.weighted({ use: 40, call: 34, leap: 12, fault: 9 })) {
    case 'use': {
      const life = random.pick(world.lives.filter(({ runs }) => runs))
      if (life) users.act(life)
      return
    }
    case 'call': {
      for (let count = random.between(1, 4); count > 0; count--) {
        const call = random.pick(calls.underway)
        const fate = call && fateOf(world, call)
        if (call && fate) await calls.deliver(call, fate)
      }
      return
    }
    case 'leap':
      time.leap(random.between(1, random.pick([100, 10_000, 600_000, 3_600_000]) as number))
      return fireTimers(world)
    case 'fault':
      faults.strike()
      for (const { manifest } of machines) manifest.sync()
  }
}

/** Undefined: nothing, for the time being. */
function fateOf({ random }: World, { to, changes, life }: Call): Fate | undefined {
  if (to === 'store' && life.store.outage) return random.chance(80) ? 'failed' : 'late'
  if (to === 'log' && life.machine.isCut) {
    if (random.chance(50)) return undefined
    return changes && random.chance(50) ? 'late' : 'failed'
  }
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

function stackOf(error: unknown): string {
  return error instanceof Error ? String(error.stack) : String(error)
}
