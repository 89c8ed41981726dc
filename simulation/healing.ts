import type { FailpointRegistry } from '@holdfast/core'
import type { Life } from './life.ts'
import { fireTimers, turns } from './lifetime.ts'
import type { Machine } from './machine.ts'
import { appoint, mend, ROLES } from './operators.ts'
import { Violation } from './violation.ts'
import { nothingIsLeft } from './witness.ts'
import type { World } from './world.ts'

const MOST_ROUNDS = 60
/** Calls of nodes that have nothing else to do. */
const MOST_CALLS = 1000
const LEAP_MS = 900_000
/** Rounds that something may take which somebody waits for, and the time of each, ms. */
const PATIENCE = 100
const WAIT_MS = 1000

/** Everything works again, holds are released, and time passes: what was begun must come to its end. */
export async function heal(world: World): Promise<void> {
  world.trace(() => 'everything heals')
  const { machines } = world
  for (const store of world.stores) store.outage = false
  world.gatekeeper.isKind = true
  for (const machine of machines) repair(machine)
  for (const machine of machines) {
    for (const life of machine.lives) {
      disarm(life.failpoints)
      if (life.isPaused) life.resume()
    }
    await settle(world)
    for (const life of [...machine.lives]) if (life !== machine.owner) world.kill(life)
  }
  const drift = Math.max(0, ...machines.map((machine) => machine.drift))
  for (const machine of machines) machine.drift = drift
  await tendAll(world)
  for (const machine of machines) {
    // What a hold has kept of unfinished writes is looked at by the next start.
    await restart(world, machine)
    await tend(world, machine)
  }
  await tendAll(world)
  await elect(world)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    for (const machine of machines) await tend(world, machine)
    await settle(world)
    const quiet = isQuiet(world)
    world.time.leap(LEAP_MS)
    await fireTimers(world)
    await settle(world)
    for (const { witness } of machines) witness.look()
    if (quiet && round > 2 && isQuiet(world)) return atRest(world)
  }
  throw new Violation(`it does not come to rest: ${machines.map(whatIsLeft).join('; ')}`)
}

function repair(machine: Machine): void {
  machine.manifest.fault = undefined
  machine.journal.fault = undefined
  machine.manifest.reserve = true
  machine.isCut = false
  machine.strange = undefined
}

/** One that is behind the log needs another one that is not, and a start that was under way may still fail. */
async function tendAll(world: World): Promise<void> {
  for (let round = 0; round <= world.machines.length; round++)
    for (const machine of world.machines) await tend(world, machine)
}

async function tend(world: World, machine: Machine): Promise<void> {
  const life = await running(world, machine)
  if (!life) return
  disarm(life.failpoints)
  life.node.trustClock()
  if (world.log) {
    const peers = world.machines.flatMap(({ owner }) => (owner?.runs && owner !== life ? [owner] : []))
    const newest = peers.sort((a, b) => indexOf(b) - indexOf(a)).slice(0, 1)
    const { isWell } = await ended(world, mend(world, life, newest))
    if (!isWell) return
  }
  const { holds } = life.node.service('manifest')
  for (const { id } of holds.list()) {
    world.ledger.releasing(id)
    await ended(world, holds.release(id))
  }
  await ended(world, life.node.eraser.retry())
}

/** Its process, if there is one that has its own store; otherwise a new one. */
async function running(world: World, machine: Machine): Promise<Life | undefined> {
  if (machine.owner && machine.owner.store !== machine.store) world.kill(machine.owner)
  const life = machine.owner ?? world.launch(machine)
  await settle(world)
  for (let round = 0; round < PATIENCE && life.state === 'starting'; round++) await wait(world)
  return life.runs ? life : undefined
}

async function restart(world: World, machine: Machine): Promise<void> {
  const { owner } = machine
  if (!owner?.runs) return
  owner.state = 'stopping'
  await ended(world, owner.node.stop())
  world.kill(owner)
}

/** Every role has a holder that lives. */
async function elect(world: World): Promise<void> {
  const lives = world.machines.flatMap(({ owner }) => (owner?.runs ? [owner] : []))
  const through = world.random.pick(lives)
  if (!world.log || !through) return
  for (const role of ROLES) {
    const holder = world.random.pick(lives) as Life
    await ended(world, appoint(through, role, holder.machine.name))
  }
}

/** What is armed and was never reached must not strike later. */
function disarm(failpoints: FailpointRegistry): void {
  for (const name of failpoints.names())
    failpoints.arm(name, { kind: 'callback', call: () => undefined })[Symbol.dispose]()
}

/** Waits for what may need time to end. */
async function ended<T>(world: World, promise: Promise<T>): Promise<T> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  promise.then(over, over)
  for (let round = 0; round < PATIENCE; round++) {
    await settle(world)
    if (isOver) return promise
    await wait(world)
  }
  throw new Violation('what somebody waits for does not end')
}

async function wait(world: World): Promise<void> {
  world.time.leap(WAIT_MS)
  await fireTimers(world)
  await settle(world)
}

/** Lets everything through until nothing moves without time. */
async function settle(world: World): Promise<void> {
  const { calls } = world
  let delivered = 0
  for (let idle = 0; idle < 2; ) {
    await turns(3)
    const [call] = calls.underway
    idle = call ? 0 : idle + 1
    if (world.violation) throw world.violation
    if (!call) continue
    if (++delivered > MOST_CALLS) throw new Violation(`${call.name} is called for ever`)
    await calls.deliver(call, 'done')
  }
}

function isQuiet({ machines, calls, log }: World): boolean {
  return (
    calls.underway.length === 0 &&
    machines.every(({ owner }) => {
      if (!owner?.runs || (log && indexOf(owner) !== log.head.index)) return false
      return owner.node.eraser.backlog() === 0 && owner.node.eraser.queue().length === 0
    })
  )
}

function indexOf({ node }: Life): number {
  return node.service('manifest').head().position.index
}

/** What must hold when everything has healed and become quiet. */
function atRest(world: World): void {
  const { machines, newest } = world
  const kept = machines.map(({ witness }) => witness.atRest())
  nothingIsLeft(world, kept[0] as ReadonlySet<string>)
  for (const { name, witness } of machines)
    if (witness.index !== newest.index || witness.digest !== newest.digest)
      throw new Violation(`${name} ends at record ${witness.index}, another one at ${newest.index}`)
}

function whatIsLeft({ name, owner }: Machine): string {
  if (!owner?.runs) return `${name} does not run`
  const { eraser } = owner.node
  return `${name} at ${indexOf(owner)} has ${eraser.backlog()} in its backlog, ${JSON.stringify(eraser.queue())}`
}
