import {
  type Batch,
  type Entry,
  HoldfastError,
  isHoldfastError,
  type Manifest,
  type RunRequest,
} from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { retention } from '@holdfast/plugin-retention'
import { type ClusterNode, type MemoryCluster, memoryCluster } from '@holdfast/testkit'
import type { Change, Command, Run } from './commands.ts'
import { dueOf, type ModelPolicy, overOf, SHARE_FROM, type World, whyKept } from './oracle.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 1)

/** A node under test, and the model that looks over its shoulder at every batch that retention commits. */
export class Machine implements AsyncDisposable {
  readonly #cluster: MemoryCluster
  readonly #node: ClusterNode
  readonly #policies = new Map<string, ModelPolicy>()
  /** What should never have been condemned, and why. */
  readonly violations: string[] = []
  condemned = 0
  /** Limits that refused a run, and faults that one met. */
  readonly met = new Set<string>()
  #commitFails = false
  #bytesStay = false
  #lastRun = 'none'

  private constructor(cluster: MemoryCluster) {
    this.#cluster = cluster
    this.#node = cluster.nodes[0]!
  }

  static async start(): Promise<Machine> {
    const cluster = await memoryCluster({
      nodes: 1,
      now: NOW,
      plugins: ({ dataDir }) => [manifest({ dataDir }), retention({ eraseDelay: '1d' })],
    })
    const machine = new Machine(cluster)
    for (const role of ['primary', 'sweeper']) await cluster.appoint(role, machine.#node)
    await cluster.settle()
    machine.#watch()
    machine.#guardBytes()
    return machine
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]()
  }

  async do(command: Command): Promise<void> {
    if (command.do === 'run') await this.#run(command as Run)
    else await this.#change(command as Change)
  }

  /** Runs until nothing is due any more, and lets the eraser end. Gives what is due all the same. */
  async finish(): Promise<{ readonly due: readonly string[]; readonly left: readonly string[] }> {
    this.#bytesStay = false
    const early = await this.#exhaust()
    for (const { id } of this.#manifest.holds.list()) await this.#manifest.holds.release(id)
    await this.#wait(10)
    const late = await this.#exhaust()
    await this.#wait(2)
    // What could not be deleted so often that it was set aside waits for somebody to say so.
    await this.#node.node.eraser.retry()
    await this.#node.node.eraser.drain()
    const live = new Set(this.#files().map(({ key }) => String(key)))
    const left = [...this.#node.objects.byKey.keys()].filter(
      (key) => !key.startsWith('.holdfast') && !live.has(key),
    )
    const missing = [...live].filter((key) => !this.#node.objects.byKey.has(key))
    for (const key of missing) this.violations.push(`${key} is listed and has no bytes`)
    return { due: [...early, ...late], left }
  }

  /** Days at once; a node whose clock jumps wants to be told that it is right. */
  async #wait(days: number): Promise<void> {
    const { clock, node } = this.#node
    clock.setWall(clock.now() + days * DAY)
    node.trustClock()
    await clock.advance(61_000)
  }

  /** Runs until nothing goes any more. Gives what the model takes to be due all the same. */
  async #exhaust(): Promise<string[]> {
    await this.#compareExplained()
    for (let round = 0; round < 20; round++) {
      const { done, outcome } = await this.#node.node.jobs.run('retention', { act: true })
      if (outcome.status !== 'completed') throw new Error(`the last run was aborted: ${outcome.message}`)
      if (done.files === 0) break
    }
    const world = this.#world()
    return world.files.flatMap((file) => (whyKept(file, world) === undefined ? file.path : []))
  }

  /** What is said of each file by itself must be what a plan of all of them takes. */
  async #compareExplained(): Promise<void> {
    const plan = await (await this.#node.node.jobs.plan('retention')).all()
    const planned = new Set(plan.map(({ path }) => path))
    for (const { path } of this.#files()) {
      const { due } = await this.#node.node.service('retention').explain(path)
      if (due !== planned.has(path)) this.violations.push(`${path}: explained as ${due ? 'due' : 'kept'}`)
    }
  }

  get #manifest(): Manifest {
    return this.#node.node.service('manifest')
  }

  #files(): Entry[] {
    return [...this.#manifest.entries({ limit: 1000 }).items]
  }

  #world(): World {
    return {
      files: this.#files(),
      policies: [...this.#policies.values()],
      holds: this.#manifest.holds.list(),
      now: this.#node.clock.now(),
    }
  }

  /** A store that does not let go of its objects while it is told so. */
  #guardBytes(): void {
    const { byKey } = this.#node.objects
    const remove = byKey.delete
    byKey.delete = (key) => {
      if (this.#bytesStay) throw new HoldfastError('HF_BACKEND', 'no luck', { kind: 'permission' })
      return remove.call(byKey, key)
    }
  }

  /** Judges each file of a batch as if those before it had gone. */
  #watch(): void {
    const { commit } = this.#manifest
    const own = this.#manifest
    Object.assign(own, {
      commit: async (batch: Batch, ...rest: []) => {
        if (this.#commitFails && batch.ops.some(({ type }) => type === 'condemn'))
          throw new HoldfastError('HF_COMMIT_FAILED', 'no luck')
        let world = this.#world()
        for (const op of batch.ops) {
          if (op.type !== 'condemn' || !op.reason.startsWith('retention:')) continue
          const file = world.files.find(({ key }) => key === op.key)
          // Apply skips what has changed, and what is held.
          if (!file || file.generation !== op.generation) continue
          const kept = whyKept(file, world)
          if (kept === 'held') continue
          if (kept !== undefined) this.violations.push(`${file.path}: ${kept}`)
          this.condemned++
          world = { ...world, files: world.files.filter((other) => other !== file) }
        }
        return commit.call(own, batch, ...rest)
      },
    })
  }

  async #change(change: Change): Promise<void> {
    const { files } = this.#node.node
    const { holds } = this.#manifest
    const now = this.#node.clock.now()
    const timesOf = (age: number | undefined) => (age === undefined ? {} : { maxTime: now - age * DAY })
    await allowed(async () => {
      switch (change.do) {
        case 'write': {
          const { path, age, size } = change as Extract<Change, { size: number; path: string }>
          await files.write(path, 'x'.repeat(size), { namespace: path[0]!, ...timesOf(age) })
          return
        }
        case 'delete':
          return files.delete((change as { path: string }).path)
        case 'undo':
          return void (await files.undo((change as { path: string }).path))
        case 'undo run':
          return void (await files.undo({ run: this.#lastRun }))
        case 'compact': {
          const { path, other, age, size } = change as Extract<Change, { other: string }>
          const inputs = [...new Set<string>([path, other])]
          const output = { path, source: 'y'.repeat(size), namespace: path[0]!, ...timesOf(age) }
          return void (await files.replace({ inputs, outputs: [output] }))
        }
        case 'update': {
          const { path, age } = change as { path: string; age: number | undefined }
          return void (await files.update(path, {
            maxTime: age === undefined ? null : now - age * DAY,
            minTime: null,
          }))
        }
        case 'hold': {
          const { scope, days } = change as Extract<Change, { scope: object }>
          const end = days === undefined ? {} : { expiresAt: now + days * DAY }
          return void (await holds.hold({ scope, owner: 'model', ...end }))
        }
        case 'release': {
          const [first] = holds.list()
          return void (first && (await holds.release(first.id)))
        }
        case 'policy': {
          const { policy } = change as Extract<Change, { policy: ModelPolicy }>
          const { maxAge, minAge } = policy
          const days = { ...(maxAge !== undefined && { maxAge: `${maxAge}d` }), minAge: minAge * DAY }
          await this.#node.node.service('retention').set({ ...policy, ...days })
          return void this.#policies.set(policy.id, policy)
        }
        case 'unset': {
          const { id } = change as { id: string }
          await this.#node.node.service('retention').remove(id)
          return void this.#policies.delete(id)
        }
        case 'wait':
          return this.#wait((change as { days: number }).days)
      }
    })
  }

  async #run({ first, cap, limits: asked, fault, bound, meanwhile }: Run): Promise<void> {
    const { failpoints } = this.#node
    const { jobs } = this.#node.node
    for (const { path, size } of first) await this.#change({ do: 'write', path, size, age: 9 })
    this.#bytesStay = fault === 'bytes stay'
    const world = this.#world()
    const due = dueOf(world)
    const limits = { limits: { ...asked, shareFrom: SHARE_FROM } }
    let request: RunRequest<'retention'> = { act: true, ...limits }
    if (bound) request = { plan: (await jobs.plan('retention', limits)).id, act: true }
    if (cap !== undefined) request = { ...request, cap }
    const aborting = new AbortController()
    let killed: Promise<void> | undefined
    let cut: Disposable | undefined
    const armed = [
      failpoints.arm('job.chunk.before', {
        kind: 'callback',
        call: async () => {
          this.met.add(fault)
          for (const change of meanwhile) await this.#change(change)
          if (fault === 'cancelled') aborting.abort()
          if (fault === 'role lost') await this.#cluster.appoint('primary', 'another')
          if (fault === 'cut off') cut = this.#node.partition()
          if (fault === 'killed before') killed = this.#node.kill()
        },
      }),
    ]
    this.#commitFails = fault === 'commit fails'
    if (fault === 'killed after')
      armed.push(
        failpoints.arm('job.chunk.after', {
          kind: 'callback',
          call: () => {
            killed = this.#node.kill()
          },
        }),
      )
    const run = await jobs.run('retention', request, { signal: aborting.signal }).catch((error: unknown) => {
      if (!killed) throw error
      return undefined
    })
    this.#commitFails = false
    for (const one of armed) one[Symbol.dispose]()
    if (fault === 'role lost') await this.#cluster.appoint('primary', this.#node)
    if (cut) {
      cut[Symbol.dispose]()
      // A node that was cut off listens to its log again after a while.
      await this.#node.clock.advance(61_000)
    }
    if (killed) {
      await killed
      await this.#node.start()
      await this.#cluster.settle()
      // What was killed in this process still wrote down how far it had come, beyond the copy of its folder.
      if (this.#manifest.status().behind !== undefined) await this.#manifest.acknowledge({ actor: 'model' })
      this.#watch()
    } else if (run) {
      this.#lastRun = run.id
      for (const { limit } of run.overLimit) this.met.add(limit)
      const { files } = run.done
      if (files > (cap ?? files)) this.violations.push(`a run of at most ${cap} took ${files}`)
      if (run.planned.files !== due.length)
        this.violations.push(`${run.planned.files} files were planned, and ${due.length} are due`)
      const over = run.overLimit.map(({ limit }) => limit).sort()
      const expected = overOf(due, world, asked)
      if (over.join() !== expected.join())
        this.violations.push(`a plan is said to be over ${over}, and is over ${expected}`)
      if (over.length > 0 && files > 0) this.violations.push('a run over its limit acted')
      if (files > 0 && (fault === 'commit fails' || fault === 'role lost'))
        this.violations.push(`a run whose ${fault} counts ${files} files`)
    }
    if (!this.#node.running) throw new Error('the node does not run')
    await this.#cluster.settle()
  }
}

/** What a user may not do at this moment is no part of the question. */
async function allowed(act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!isHoldfastError(error)) throw error
  }
}
