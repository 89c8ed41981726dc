import type { Life } from './life.ts'
import type { Use } from './use.ts'
import type { World } from './world.ts'

const PATHS = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'b', 'c/d/1'].concat(
  ['00', '01', '02'].flatMap((hour) => ['x', 'y'].map((name) => `logs/2026/01/01/${hour}/${name}`)),
)

/** What people do with files. */
export class FileUses {
  readonly #world: World
  readonly #replacements: number[] = []
  #asked = 0

  constructor(world: World) {
    this.#world = world
  }

  /** What somebody wants next. */
  next(): Use {
    this.#asked++
    const what = this.#world.random.weighted({
      write: 34,
      delete: 12,
      undo: 8,
      undoReplacement: 4,
      replace: 8,
      hold: 4,
      release: 4,
      update: 3,
      read: 6,
    })
    return { what, ...this[what]() }
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
    const { random } = this.#world
    const text = `${path} ${this.#asked}`.repeat(random.between(1, 3))
    const options = { ...this.#delay(), ...(random.chance(10) && { ifAbsent: true as const }) }
    return {
      name: path,
      run: async (life: Life) => {
        const { key } = await life.node.files.write(path, text, options)
        if (!life.isDead) this.#world.watched(() => life.machine.witness.acknowledged(key))
      },
    }
  }

  delete() {
    const path = this.#path()
    const options = this.#delay()
    this.#world.ledger.asking()
    return { name: path, run: (life: Life) => life.node.files.delete(path, options) }
  }

  undo() {
    const path = this.#path()
    this.#world.ledger.asking()
    return { name: path, run: (life: Life) => life.node.files.undo(path) }
  }

  undoReplacement() {
    const replacement = this.#world.random.pick(this.#replacements) ?? 1
    const options = this.#delay()
    this.#world.ledger.asking()
    return {
      name: String(replacement),
      run: async (life: Life) => {
        const undone = await life.node.files.undo({ replacement }, options)
        this.#replacements.push(undone.replacement)
      },
    }
  }

  replace() {
    const { random, newest } = this.#world
    const live = newest.live.map(({ path }) => path as string)
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
    const { random, ledger } = this.#world
    const folder = random.pick(['a', 'b', 'logs/2026', 'merged']) as string
    const id = `h${this.#asked}`
    return {
      name: `${id} over ${folder}`,
      run: async (life: Life) => {
        await life.node.service('manifest').holds.hold({ id, scope: { folder }, owner: 'auditor' })
        if (life.isDead) return
        const kept = life.machine.witness.covered(({ path }) => path.startsWith(`${folder}/`))
        this.#world.watched(() => ledger.holdStands(id, kept))
      },
    }
  }

  release() {
    const { random, ledger } = this.#world
    const id = random.pick(ledger.holds) ?? 'h0'
    ledger.releasing(id)
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
}
