import type { Entry } from '@holdfast/core'
import type { Life } from './life.ts'
import { appoint, install, mend, ROLES } from './operators.ts'
import type { Use } from './use.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

/** What programs and those who run the nodes do with them. */
export class Programs {
  readonly #world: World
  /** Tenures that have begun for certain. */
  readonly #epochs = { primary: 0, sweeper: 0 }

  constructor(world: World) {
    this.#world = world
  }

  /** What one of them does next. */
  next(): Use {
    const { random, log } = this.#world
    const leaderless = ROLES.some((role) => this.#epochs[role] === 0)
    const what = random.weighted({
      expire: log ? 14 : 5,
      again: 4,
      tenure: log ? (leaderless ? 60 : 6) : 2,
      stale: 3,
      mend: log ? 4 : 0,
      install: log ? 1 : 0,
    })
    return { what, ...this[what]() }
  }

  /** Somebody runs retention. */
  expire() {
    this.#world.ledger.asking()
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
    const { random, ledger, newest } = this.#world
    const live = new Set(newest.live.map(({ key }) => key))
    const entry = random.pick([...ledger.listed.values()].filter(({ key }) => !live.has(key)))
    return {
      name: entry?.key ?? 'nothing',
      run: async (life: Life) => {
        if (!entry) return
        const { generation: _, since: __, ...fields } = entry
        const { outcomes } = await life.node
          .service('manifest')
          .commit({ ops: [{ type: 'register', entry: fields }] })
        if (outcomes[0]?.status === 'done') throw new Violation(`key ${entry.key} was listed a second time`)
      },
    }
  }

  /** A tenure of a role begins. */
  tenure() {
    const { random, machines } = this.#world
    const without = ROLES.filter((role) => this.#epochs[role] === 0)
    const role = random.pick(without.length > 0 ? without : ROLES) as (typeof ROLES)[number]
    const { name } = random.pick(machines) as (typeof machines)[number]
    return {
      name: `${role} of ${name}`,
      run: async (life: Life) => {
        const epoch = await appoint(life, role, name)
        this.#epochs[role] = Math.max(this.#epochs[role], epoch ?? 0)
        return epoch === undefined ? 'too late' : `epoch ${epoch}`
      },
    }
  }

  /** A job goes on that has lost its role without noticing. */
  stale() {
    const { random, newest } = this.#world
    const role = random.pick(ROLES) as (typeof ROLES)[number]
    const epoch = this.#epochs[role] - random.between(1, 2)
    const entry: Entry | undefined = random.pick(newest.live)
    return {
      name: `${entry?.path} in epoch ${epoch} of ${role}`,
      run: async (life: Life) => {
        if (epoch < 0 || !entry) return
        const op = {
          type: 'condemn',
          key: entry.key,
          generation: entry.generation,
          delay: 0,
          reason: 'stale',
        } as const
        const { status } = await life.node.service('manifest').commit({ ops: [op], fence: { role, epoch } })
        if (status !== 'rejected')
          throw new Violation(`a batch of epoch ${epoch} was ${status} in epoch ${this.#epochs[role]}`)
        // Epoch 0 is refused before anybody looks into the log.
        if (epoch > 0) this.#world.note('a batch of an old epoch is rejected')
        return status
      },
    }
  }

  /** Somebody looks after a node. */
  mend() {
    const peers = this.#running()
    return {
      name: '',
      run: async (life: Life) => {
        const others = peers.filter(({ machine, runs }) => runs && machine !== life.machine)
        return (await mend(this.#world, life, others)).how
      },
    }
  }

  /** A node takes the state of another one without need. */
  install() {
    const from = this.#world.random.pick(this.#running())
    return {
      name: `of ${from?.name}`,
      run: async (life: Life) => {
        if (!from?.runs || from.machine === life.machine) return 'nothing'
        return (await install(this.#world, life, from)).how
      },
    }
  }

  #running(): readonly Life[] {
    return this.#world.lives.filter(({ runs }) => runs)
  }
}
