import { type HoldfastError, hasCode, isHoldfastError } from '@holdfast/core'
import { FileUses } from './file-uses.ts'
import type { Life } from './life.ts'
import { Programs } from './programs.ts'
import type { Use } from './use.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

/** Codes that mean that something is broken, whatever else has gone wrong. */
const NEVER = [
  'HF_BYTES_MISSING',
  'HF_BYTES_CORRUPT',
  'HF_MANIFEST_CORRUPT',
  'HF_JOURNAL_CORRUPT',
  'HF_LOG_DIVERGED',
  'HF_BATCH_INVALID',
  'HF_OPTION_INVALID',
]

/** Asks things of nodes. Each use ends in an answer, or the process dies under it. */
export class Users {
  readonly #world: World
  readonly #files: FileUses
  readonly #programs: Programs
  #asked = 0

  constructor(world: World) {
    this.#world = world
    this.#files = new FileUses(world)
    this.#programs = new Programs(world)
  }

  /** Lets somebody begin something. */
  act(life: Life): void {
    const { random, log } = this.#world
    const who = random.weighted({ files: 85, programs: log ? 32 : 15 })
    this.#ask(life, who === 'files' ? this.#files.next() : this.#programs.next())
  }

  #ask(life: Life, { what, name: about, run }: Use): void {
    const { trace, note, watched } = this.#world
    const name = `#${++this.#asked} ${what} ${about}`
    trace(() => `${name} at ${life.name}`)
    run(life).then(
      (answer) => {
        if (life.isDead || life.state === 'stopping') return
        watched(() => {
          note(`${what}: done`)
          trace(() => `${name}: ${typeof answer === 'string' ? answer : 'done'}`)
          life.machine.witness.told(life.node.service('manifest').head().position.index)
        })
      },
      (error: unknown) => {
        if (life.isDead) return
        const outcome = isHoldfastError(error) ? error.code : String(error)
        watched(() => {
          note(`${what}: ${outcome}`)
          trace(() => `${name}: ${outcome}`)
          if (!this.#isExplained(life, error)) mustBeExpected(name, error)
        })
      },
    )
  }

  /** Bytes that are missing where they need not be: at another node, in another store, or in a state that is old. */
  #isExplained(life: Life, error: unknown): boolean {
    if (!hasCode(error, 'HF_BYTES_MISSING')) return false
    if (life.store !== life.machine.store) return true
    const { listed, retired } = this.#world.ledger
    const key = String(error.context.key)
    const origin = listed.get(key)?.origin ?? life.machine.name
    if (this.#world.storeOf(origin) !== life.store) return true
    const { index } = life.node.service('manifest').head().position
    return this.#world.log !== undefined && (retired.get(key) ?? 0) > index
  }
}

/** Users meet refusals and faults; anything else is a bug. */
function mustBeExpected(name: string, error: unknown): void {
  if (error instanceof Violation) throw error
  if (!isHoldfastError(error))
    throw new Violation(`${name} ended in ${String((error as Error)?.stack ?? error)}`)
  if (NEVER.includes((error as HoldfastError).code))
    throw new Violation(
      `${name} ended in ${(error as HoldfastError).code}: ${(error as HoldfastError).message}`,
    )
}
