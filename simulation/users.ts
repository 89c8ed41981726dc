import { type Entry, type HoldfastError, isHoldfastError } from '@holdfast/core'
import type { Life } from './life.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

const PATHS = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'b', 'c/d/1'].concat(
  ['00', '01', '02'].flatMap((hour) => ['x', 'y'].map((name) => `logs/2026/01/01/${hour}/${name}`)),
)
const ROLE = 'sweeper'

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

type Use = (life: Life) => Promise<unknown>

/** What people and programs do with a node. Each use ends in an answer, or the process dies under it. */
export class Users {
  readonly #world: World
  /** Tenures that have begun for certain. */
  #epoch = 0
  #replacements: number[] = []
  #asked = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Lets one of them begin something. */
  act(life: Life): void {
    const { random } = this.#world
    const what = random.weighted({
      write: 34,
      delete: 12,
      undo: 8,
      undoReplacement: 4,
      replace: 8,
      hold: 4,
      release: 4,
      update: 3,
      read: 6,
      expire: 5,
      again: 4,
      tenure: 2,
      stale: 3,
    })
    this.#ask(life, what, this[what]())
  }

  #ask(life: Life, what: string, use: { readonly name: string; readonly run: Use }): void {
    const number = ++this.#asked
    const { trace } = this.#world
    const name = `#${number} ${what} ${use.name}`
    trace(() => `${name} at ${life.name}`)
    use.run(life).then(
      (answer) => {
        if (life.isDead) return
        this.#world.watched(() => {
          this.#world.note(`${what}: done`)
          trace(() => `${name}: ${typeof answer === 'string' ? answer : 'done'}`)
          this.#world.witness.told(life, life.node.service('manifest').head().position.index)
        })
      },
      (error: unknown) => {
        if (life.isDead) return
        this.#world.watched(() => {
          this.#world.note(`${what}: ${isHoldfastError(error) ? error.code : String(error)}`)
          trace(() => `${name}: ${isHoldfastError(error) ? error.code : String(error)}`)
          mustBeExpected(name, error)
        })
      },
    )
  }

  #path(): string {
    return this.#world.random.pick(PATHS) as string
  }

  #delay() {
    const { random } = this.#world
    return random.chance(50) ? {} : { delay: random.pick([0, 10_000]) as number }
  }

  write() {
    const path = this.#path()
    const { random, witness } = this.#world
    const text = `${path} ${this.#asked}`.repeat(random.between(1, 3))
    const options = { ...this.#delay(), ...(random.chance(10) && { ifAbsent: true as const }) }
    return {
      name: path,
      run: async (life: Life) => {
        const { key } = await life.node.files.write(path, text, options)
        if (!life.isDead) this.#world.watched(() => witness.acknowledged(key))
      },
    }
  }

  delete() {
    const path = this.#path()
    const options = this.#delay()
    this.#world.witness.asking()
    return { name: path, run: (life: Life) => life.node.files.delete(path, options) }
  }

  undo() {
    const path = this.#path()
    this.#world.witness.asking()
    return { name: path, run: (life: Life) => life.node.files.undo(path) }
  }

  undoReplacement() {
    const replacement = this.#world.random.pick(this.#replacements) ?? 1
    const options = this.#delay()
    this.#world.witness.asking()
    return {
      name: String(replacement),
      run: async (life: Life) => {
        const undone = await life.node.files.undo({ replacement }, options)
        this.#replacements.push(undone.replacement)
      },
    }
  }

  replace() {
    const { random, witness } = this.#world
    const live = witness.live.map(({ path }) => path as string)
    const inputs = [...new Set([random.pick(live), random.pick(live)].filter((path) => path !== undefined))]
    const outputs = [random.chance(50) ? (inputs[0] ?? 'a/1') : `merged/${this.#asked}`]
    if (random.chance(30)) outputs.push(`merged/${this.#asked}.b`)
    const options = this.#delay()
    return {
      name: `${inputs.join('+')} by ${outputs.join('+')}`,
      run: async (life: Life) => {
        if (inputs.length === 0) return
        const done = await life.node.files.replace({
          inputs,
          outputs: outputs.map((path) => ({ path, source: `merged ${path} ${this.#asked}` })),
          ...options,
        })
        this.#replacements.push(done.replacement)
      },
    }
  }

  hold() {
    const { random, witness } = this.#world
    const folder = random.pick(['a', 'b', 'logs/2026', 'merged']) as string
    const id = `h${this.#asked}`
    return {
      name: `${id} over ${folder}`,
      run: async (life: Life) => {
        await life.node.service('manifest').holds.hold({ id, scope: { folder }, owner: 'auditor' })
        if (life.isDead) return
        this.#world.watched(() => witness.held(id, ({ path }) => path.startsWith(`${folder}/`)))
      },
    }
  }

  release() {
    const { random, witness } = this.#world
    const id = random.pick(witness.holds) ?? 'h0'
    witness.releasing(id)
    return { name: id, run: (life: Life) => life.node.service('manifest').holds.release(id) }
  }

  update() {
    const path = this.#path()
    return { name: path, run: (life: Life) => life.node.files.update(path, { rows: this.#asked }) }
  }

  read() {
    const path = this.#path()
    return {
      name: path,
      run: async (life: Life) => {
        for await (const _ of await life.node.files.read(path)) if (life.isDead) return
      },
    }
  }

  /** Somebody runs retention. */
  expire() {
    this.#world.witness.asking()
    return {
      name: 'logs',
      run: async (life: Life) => {
        const { outcome } = await life.node.jobs.run('retention', { act: true })
        return outcome?.status === 'aborted' ? outcome.reason : outcome?.status
      },
    }
  }

  /** A program that is far behind lists a file under a key that had its time. */
  again() {
    const { random, witness } = this.#world
    const live = new Set(witness.live.map(({ key }) => key))
    const entry = random.pick([...witness.listed.values()].filter(({ key }) => !live.has(key)))
    return {
      name: entry?.key ?? 'nothing',
      run: async (life: Life) => {
        if (!entry) return
        const { generation: _, ...fields } = entry
        const { outcomes } = await life.node
          .service('manifest')
          .commit({ ops: [{ type: 'register', entry: fields }] })
        if (outcomes[0]?.status === 'done') throw new Violation(`key ${entry.key} was listed a second time`)
      },
    }
  }

  /** A tenure of a role begins. */
  tenure() {
    const epoch = this.#epoch + 1
    return {
      name: String(epoch),
      run: async (life: Life) => {
        const op = { type: 'role', name: ROLE, holder: 'somebody', epoch } as const
        const { outcomes } = await life.node.service('manifest').commit({ ops: [op] })
        if (outcomes[0]?.status === 'done') this.#epoch = Math.max(this.#epoch, epoch)
      },
    }
  }

  /** A job goes on that has lost its role without noticing. */
  stale() {
    const { random, witness } = this.#world
    const epoch = this.#epoch - random.between(1, 2)
    const entry: Entry | undefined = random.pick(witness.live)
    return {
      name: `${entry?.path} in epoch ${epoch}`,
      run: async (life: Life) => {
        if (epoch < 0 || !entry) return
        const op = {
          type: 'condemn',
          key: entry.key,
          generation: entry.generation,
          delay: 0,
          reason: 'stale',
        } as const
        const { status } = await life.node
          .service('manifest')
          .commit({ ops: [op], fence: { role: ROLE, epoch } })
        if (status !== 'rejected')
          throw new Violation(`a batch of epoch ${epoch} was ${status} in epoch ${this.#epoch}`)
        return status
      },
    }
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
