import { isDeepStrictEqual } from 'node:util'
import {
  createIds,
  createLogger,
  FailpointRegistry,
  type ManifestHead,
  type StoreRecords,
} from '@holdfast/core'
import { MANIFEST_FAILPOINTS } from '@holdfast/manifest'
import { FakeClock } from '@holdfast/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fenced } from '../../src/data-dir/fence.ts'
import { Ownership, type OwnershipParts } from '../../src/data-dir/ownership.ts'
import { beginLife } from '../../src/data-dir/store-format.ts'
import { createSeal, type Seal } from '../../src/format/seal.ts'
import { Rows } from '../../src/state/rows.ts'
import type { KeyValue } from '../../src/store/key-value.ts'
import { openMemory } from '../../src/store/memory.ts'

const MACHINES = 3
const EVERY = { from: Buffer.from([0]), to: Buffer.from([255]), limit: 1000 }

/** One store, and what the writer of its owner record had in its log: what nobody may take for rubbish. */
class World {
  readonly clock = new FakeClock(1_800_000_000_000)
  readonly ids = createIds(this.clock)
  readonly failpoints = new FailpointRegistry()
  readonly machines: Machine[]
  recorded: readonly string[] = []
  /** Whether the store is not where it should be: its identity is not there then either. */
  away = false
  /** Whether somebody is giving his word for a manifest at the moment. */
  acknowledging = false
  /** Owner records that were overwritten by somebody who had not seen all that their writers had. */
  unseen = 0
  owner: Uint8Array | undefined

  constructor(seal: Seal) {
    this.failpoints.declare(MANIFEST_FAILPOINTS)
    this.machines = Array.from({ length: MACHINES }, () => new Machine(this, seal))
  }

  /** Whether a log has all that the writer of the owner record had. */
  isIn(log: readonly string[]): boolean {
    return this.recorded.every((record, at) => log[at] === record)
  }

  /** The store, as a process with this log reaches it until it is killed. */
  records(log: () => readonly string[], killed: AbortSignal): StoreRecords {
    return {
      read: async () => {
        killed.throwIfAborted()
        return this.owner
      },
      write: async (_, bytes) => {
        killed.throwIfAborted()
        this.owner = bytes
        if (!this.acknowledging && !this.isIn(log())) this.unseen++
        this.recorded = [...log()]
        return true
      },
    }
  }
}

/** A data folder, and perhaps the process that has it open. The log is only the names of its records. */
class Machine {
  readonly #world: World
  readonly #seal: Seal
  #rows: KeyValue = openMemory()
  #kill = new AbortController()
  log: readonly string[] = []
  running: Ownership | undefined
  /** What somebody was shown that speaks against it, the owner record of then, and what its writer had in its log. */
  #shown:
    | {
        readonly objection: string | undefined
        readonly owner: Uint8Array | undefined
        readonly recorded: readonly string[]
      }
    | undefined

  constructor(world: World, seal: Seal) {
    this.#world = world
    this.#seal = seal
  }

  async start(): Promise<void> {
    if (this.running) return
    const { clock, ids, failpoints } = this.#world
    const life = ids.next()
    const store = fenced(this.#rows, this.#seal, life)
    const rows = new Rows(store, this.#seal)
    rows.transaction(() => beginLife(rows, life, this.log.length))
    const head = (): ManifestHead => ({
      position: { term: 1, index: this.log.length },
      generation: 0,
      time: clock.now(),
      digest: '',
    })
    this.running = new Ownership({
      rows,
      fence: store,
      records: this.#world.records(() => this.log, this.#kill.signal),
      identity: identityIn(this.#world),
      nodeId: 'node',
      head,
      clock,
      ids,
      failpoints,
      log: createLogger('silent'),
    })
    await this.running.begin()
  }

  commit(): void {
    if (this.running) this.log = [...this.log, this.#world.ids.next()]
  }

  async stop(): Promise<void> {
    await this.running?.end()
    this.running = undefined
  }

  kill(): void {
    this.#kill.abort(new Error('killed'))
    this.#kill = new AbortController()
    this.running = undefined
  }

  copyFrom(other: Machine): void {
    if (this.running) return
    this.log = other.log
    this.#rows = openMemory()
    this.#rows.transaction((writer) => {
      for (const { key, value } of other.#rows.range(EVERY)) writer.put(key, value)
    })
  }

  async look(): Promise<void> {
    const objection = await this.running?.objection()
    const { owner, recorded } = this.#world
    this.#shown = { objection, owner, recorded }
  }

  /** Somebody gives his word for it, and against what was shown only, if something was. */
  async acknowledge(): Promise<void> {
    if (!this.running || this.#world.away) return
    const { objection, owner, recorded } = this.#shown ?? {}
    const isShown = isDeepStrictEqual(recorded, this.#world.recorded)
    const isUnchanged = owner === this.#world.owner
    const word = { actor: 'ada', ...(objection !== undefined && { objection }) }
    this.#shown = undefined
    this.#world.acknowledging = true
    const given = await this.running.acknowledge(word, { emit: () => undefined }).catch((error) => error)
    this.#world.acknowledging = false
    if (given === true && objection !== undefined) expect(isShown || this.#world.isIn(this.log)).toBe(true)
    if (typeof given === 'boolean') return
    expect(given).toMatchObject({ code: 'HF_INPUT_CHANGED' })
    expect(isUnchanged).toBe(false)
  }

  /** Whether it may destroy; then it must have seen all that the owner of the store had. */
  async mayDestroy(): Promise<boolean> {
    const hasSeenAll = this.#world.isIn(this.log)
    const denial = this.#world.away ? undefined : await this.running?.check()
    if (!this.running || denial || this.#world.away) return false
    expect(hasSeenAll).toBe(true)
    return true
  }
}

function identityIn(world: World): OwnershipParts['identity'] {
  return {
    storeId: 'store',
    logId: 'log',
    get flawed() {
      return world.away
    },
    isDamaged: async () => false,
    mend: async () => undefined,
  }
}

const STEPS = [
  'start',
  'commit',
  'commit',
  'stop',
  'kill',
  'check',
  'time',
  'copy',
  'away',
  'look',
  'look',
  'acknowledge',
  'acknowledge',
  'rivals',
] as const
type Step = readonly [(typeof STEPS)[number], number, number]
const machine = fc.nat({ max: MACHINES - 1 })
const steps = fc.array(fc.tuple(fc.constantFrom(...STEPS), machine, machine), {
  minLength: 40,
  maxLength: 80,
  size: 'max',
})

async function run(world: World, [step, at, other]: Step): Promise<void> {
  const subject = world.machines[at]!
  if (step === 'start') await subject.start()
  else if (step === 'commit') subject.commit()
  else if (step === 'stop') await subject.stop()
  else if (step === 'away') world.away = !world.away
  else if (step === 'kill') subject.kill()
  else if (step === 'check') await subject.mayDestroy()
  else if (step === 'time') await world.clock.advance(10_000)
  else if (step === 'copy') subject.copyFrom(world.machines[other]!)
  else if (step === 'look') await subject.look()
  else if (step === 'acknowledge') {
    await subject.acknowledge()
  } else {
    // One that had not looked yet may take the store over from its own past, once.
    for (const each of world.machines) await each.mayDestroy()
    let allowed = 0
    for (const each of world.machines) if (await each.mayDestroy()) allowed++
    expect(allowed).toBeLessThan(2)
  }
}

describe('whose store it is', () => {
  it('[B-11] whatever is copied, put back, started and acknowledged: nobody destroys who has not seen all, nor two at once', async () => {
    const seal = await createSeal()
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const world = new World(seal)
        for (const step of plan) {
          await run(world, step)
          expect(world.unseen).toBe(0)
        }
        for (const subject of world.machines) await subject.stop()
      }),
      { numRuns: 2000 },
    )
  })

  it('[B-11] a manifest that was never copied is never behind', async () => {
    const seal = await createSeal()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('start', 'commit', 'stop', 'kill', 'time'), {
          minLength: 40,
          maxLength: 80,
          size: 'max',
        }),
        async (plan) => {
          const world = new World(seal)
          for (const step of plan) {
            await run(world, [step, 0, 0] as Step)
            const [only] = world.machines
            if (only!.running) expect(await only!.mayDestroy()).toBe(true)
          }
          await world.machines[0]!.stop()
        },
      ),
      { numRuns: 200 },
    )
  })
})
