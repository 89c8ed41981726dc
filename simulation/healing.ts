import type { FailpointRegistry } from '@holdfast/core'
import { fireTimers, turns } from './lifetime.ts'
import type { Machine } from './machine.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

const MOST_ROUNDS = 60
/** Calls of a node that has nothing else to do. */
const MOST_CALLS = 1000
const LEAP_MS = 900_000

/** Everything works again, holds are released, and time passes: what was begun must come to its end. */
export async function heal(world: World): Promise<void> {
  world.trace(() => 'everything heals')
  const { store, witness } = world
  store.outage = false
  for (const machine of world.machines) {
    machine.manifest.fault = undefined
    machine.journal.fault = undefined
    machine.manifest.reserve = true
    for (const life of machine.lives) if (life.isPaused) life.resume()
    await settle(world)
    for (const life of [...machine.lives]) if (life !== machine.owner) world.kill(life)
    machine.drift = Math.max(0, machine.drift)
  }
  for (const machine of world.machines) {
    await tend(world, machine)
    // What a hold has kept of unfinished writes is looked at by the next start.
    await restart(world, machine)
  }
  for (let round = 0; round < MOST_ROUNDS; round++) {
    for (const machine of world.machines) await tend(world, machine)
    await settle(world)
    const quiet = world.machines.every(isQuiet) && store.calls.length === 0
    world.time.leap(LEAP_MS)
    await fireTimers(world)
    await settle(world)
    witness.look()
    if (quiet && round > 2 && world.machines.every(isQuiet)) return witness.atRest()
  }
  throw new Violation(`it does not come to rest: ${world.machines.map(whatIsLeft).join('; ')}`)
}

async function tend(world: World, machine: Machine): Promise<void> {
  const life = machine.owner ?? world.launch(machine)
  await settle(world)
  if (!life.runs) return
  disarm(life.failpoints)
  life.node.trustClock()
  const { holds } = life.node.service('manifest')
  for (const { id } of holds.list()) {
    world.witness.releasing(id)
    await Promise.all([holds.release(id), settle(world)])
  }
  await Promise.all([life.node.eraser.retry(), settle(world)])
}

async function restart(world: World, machine: Machine): Promise<void> {
  const { owner } = machine
  if (!owner?.runs) return
  await Promise.all([owner.node.stop(), settle(world)])
  world.kill(owner)
}

/** What is armed and was never reached must not strike later. */
function disarm(failpoints: FailpointRegistry): void {
  for (const name of failpoints.names())
    failpoints.arm(name, { kind: 'callback', call: () => undefined })[Symbol.dispose]()
}

/** Lets everything through until nothing moves without time. */
async function settle(world: World): Promise<void> {
  const { store } = world
  let delivered = 0
  for (let idle = 0; idle < 2; ) {
    await turns(3)
    const [call] = store.calls
    idle = call ? 0 : idle + 1
    if (world.violation) throw world.violation
    if (!call) continue
    if (++delivered > MOST_CALLS)
      throw new Violation(`${call.what} ${call.keys.join(' ')} is called for ever`)
    await store.deliver(call, 'done')
  }
}

function isQuiet({ owner }: Machine): boolean {
  return owner?.runs === true && owner.node.eraser.backlog() === 0 && owner.node.eraser.queue().length === 0
}

function whatIsLeft({ name, owner }: Machine): string {
  if (!owner?.runs) return `${name} does not run`
  return `${name} has ${owner.node.eraser.backlog()} in its backlog, ${JSON.stringify(owner.node.eraser.queue())}`
}
