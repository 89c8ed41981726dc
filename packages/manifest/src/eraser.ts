import {
  backoff,
  type CallOptions,
  type Clock,
  type DeleteOutcome,
  type DrainResult,
  type Eraser,
  type Fence,
  type Gate,
  HoldfastError,
  isHoldfastError,
  messageOf,
  type QueuedErase,
  type Storage,
  type StorageKey,
} from '@holdfast/core'
// The only import of this entry point: nothing else may delete bytes.
import { fullBackend } from '@holdfast/core/erase'
import { EraseCommits } from './erase/commits.ts'
import { judgeQueued, SET_ASIDE_AFTER } from './erase/judge.ts'
import { Permission } from './erase/permission.ts'
import { retryAside } from './erase/retry.ts'
import { Unrecorded } from './erase/unrecorded.ts'
import { Waking } from './erase/waking.ts'
import { EraseWork, NOTHING_TO_DO } from './erase/work.ts'
import { clearAbandoned } from './files/unlisted.ts'
import type { Opened } from './opened.ts'
import { withLimit } from './with-limit.ts'

const CHUNK = 1000
/** Chunks that are deleted and not recorded, at most. */
const MOST_UNRECORDED = 2

export interface EraserParts {
  readonly opened: () => Opened
  readonly storage: Storage
  readonly gate: Gate
  readonly clock: Clock
  /** How long a key stays retired after its bytes are gone, ms. */
  readonly tombstoneTime: number
  /** Hard limit of one delete call, ms. */
  readonly deleteTimeout: number
}

/**
 * condemned and due -> doom (committed) -> delete the bytes -> erased (committed). Permission comes from the log,
 * cannot be taken back, and names a key that is never used again: a DELETE may come late or twice, it hits nothing
 * that lives.
 */
export class ManifestEraser implements Eraser {
  readonly #parts: EraserParts
  readonly #stopping = new AbortController()
  #known: EraseWork | undefined
  /** Passes run one after the other, whoever asked for them. */
  #turn: Promise<unknown> = Promise.resolve()
  #waking: Waking | undefined
  readonly #permission: Permission
  readonly #unrecorded = new Unrecorded()
  readonly #commits: EraseCommits

  constructor(parts: EraserParts) {
    this.#parts = parts
    this.#permission = new Permission(parts, this.#stopping.signal)
    this.#commits = new EraseCommits(parts.opened, CHUNK, this.#stopping.signal)
  }

  /** From here on the queue empties itself: after every commit, and when the next row is due. */
  begin(): void {
    const { committer, log } = this.#parts.opened()
    const waking = new Waking({
      clock: this.#parts.clock,
      log,
      stopping: this.#stopping.signal,
      pass: async () => (await this.#inTurn()).more,
      wait: () => this.#work.wait(),
    })
    this.#waking = waking
    committer.onCommitted(() => waking.wake())
    waking.wake()
  }

  async end(): Promise<void> {
    this.#stopping.abort(new HoldfastError('HF_STOPPED', 'the node is stopping', { kind: 'aborted' }))
    await this.#waking?.end()
    await this.#turn.catch(() => undefined)
  }

  async drain({ signal }: CallOptions = {}): Promise<DrainResult> {
    let erased = 0
    for (;;) {
      signal?.throwIfAborted()
      const pass = await this.#inTurn()
      erased += pass.erased
      if (pass.more) continue
      const { eraseQueue } = this.#parts.opened()
      return {
        erased,
        setAside: [...eraseQueue.scan().filter(isSetAside)],
        waiting: eraseQueue.active,
        held: this.#work.held(),
      }
    }
  }

  queue({ limit = 1000 }: { readonly limit?: number } = {}): readonly QueuedErase[] {
    return [...this.#parts.opened().eraseQueue.scan().take(limit)]
  }

  backlog(): number {
    return this.#work.backlog()
  }

  retry(): Promise<number> {
    return retryAside(this.#parts.opened())
  }

  #inTurn(): Promise<{ erased: number; more: boolean }> {
    const pass = this.#turn.then(() => this.#pass())
    this.#turn = pass.catch(() => undefined)
    return pass
  }

  /** At most one chunk of each step; `more` when the next pass would find something to do. */
  async #pass(): Promise<{ erased: number; more: boolean }> {
    this.#stopping.signal.throwIfAborted()
    const { pending } = this.#parts.opened()
    // On a full disk this cannot be committed; what follows makes room.
    if (pending.abandoned().length > 0) await clearAbandoned(this.#parts.opened()).catch(() => undefined)
    const unrecorded = this.#unrecorded
    if (!this.#work.mayDoom) unrecorded.clear()
    const todo = this.#work.todo(CHUNK, unrecorded.keys)
    if (!todo && unrecorded.chunks === 0) return { erased: 0, more: false }
    const { dooming, forgetting, settling, ...next } = todo ?? NOTHING_TO_DO
    // Where nothing can be recorded, no more is deleted.
    const erasing = unrecorded.chunks < MOST_UNRECORDED ? next.erasing : []
    const asked = new Set([...dooming, ...erasing.map(({ key }) => key)])
    const fence = await this.#permission.ask(asked, this.#work.mayDoom).catch(async (denied: unknown) => {
      // These were allowed, by the answer before.
      await this.#record().catch(() => undefined)
      throw denied
    })
    // While bytes go, the log hears of those that went before them, and dooms those that come after them.
    const [first] = await allOf(this.#erase(erasing, fence), this.#record(), this.#doom(dooming, fence))
    await this.#erased(settling, fence)
    // Those of a whole chunk wait for the next pass, which dooms more meanwhile.
    const atOnce = erasing.length === 0 && dooming.length < CHUNK ? this.#work.erasable(CHUNK) : []
    // What has become due meanwhile was not asked about.
    const second = await this.#erase(
      atOnce.filter(({ key }) => asked.has(key)),
      fence,
    )
    // Unless more go next, in whose time the log can hear of these.
    if (this.#work.erasable(1, unrecorded.keys).length === 0) await this.#record()
    await this.#commits.commit(
      forgetting.map((key) => ({ type: 'forget', key })),
      fence,
    )
    const more = unrecorded.chunks > 0 || this.#work.todo(1) !== undefined
    return { erased: first + second, more }
  }

  #record(): Promise<void> {
    return this.#unrecorded.record((keys, fence) => this.#erased(keys, fence))
  }

  async #erased(keys: readonly StorageKey[], fence: Fence): Promise<void> {
    if (keys.length === 0) return
    const keep = this.#parts.tombstoneTime
    await this.#commits.commit(
      keys.map((key) => ({ type: 'erased', key, keep })),
      fence,
    )
    const { failpoints } = this.#parts.opened()
    if (failpoints.armed) await failpoints.hit('eraser.erased.after')
  }

  async #doom(keys: readonly StorageKey[], fence: Fence): Promise<void> {
    if (keys.length === 0) return
    const { failpoints } = this.#parts.opened()
    if (failpoints.armed) await failpoints.hit('eraser.doom.before')
    const keep = this.#parts.tombstoneTime
    await this.#commits.commit(
      keys.map((key) => ({ type: 'doom', key, keep })),
      fence,
    )
    if (failpoints.armed) await failpoints.hit('eraser.doom.after')
  }

  /** Deletes the bytes, and notes what is to be recorded. */
  async #erase(queued: readonly QueuedErase[], fence: Fence): Promise<number> {
    if (queued.length === 0) return 0
    const { state, committer, eraseQueue, failpoints, mustOwn, oneStore } = this.#parts.opened()
    // What was found is judged by a state that is no older than the log was then.
    await committer.barrier({ signal: this.#stopping.signal })
    const { targets, later, strays } = await this.#judge(queued)
    if (failpoints.armed) await failpoints.hit('eraser.delete.before')
    mustOwn()
    const outcomes = await this.#delete(targets.map(({ key }) => key))
    if (failpoints.armed) await failpoints.hit('eraser.delete.after')
    const gone: StorageKey[] = []
    for (const item of targets) {
      const outcome = outcomes.get(item.key)
      if (outcome?.status === 'gone') gone.push(item.key)
      else later.push(this.#failed(item, whyNotGone(outcome)))
    }
    if (this.#work.mayDoom) this.#unrecorded.add(gone, fence)
    const over = oneStore ? [] : gone
    if (later.length + strays.length + over.length > 0)
      await committer.local(() => {
        // Another node may have erased it meanwhile, and said so.
        for (const item of later) if (eraseQueue.get(item.key)) eraseQueue.put(item)
        // And what had no business here may have been doomed.
        for (const key of strays) if (state.key(key)?.state !== 'doomed') eraseQueue.remove(key)
        for (const key of over) eraseQueue.remove(key)
      })
    return gone.length
  }

  /** Reads every row again, right before the delete: only a key whose permission is irrevocable may go. */
  #judge(queued: readonly QueuedErase[]) {
    const { storage, deleteTimeout } = this.#parts
    return judgeQueued(queued, {
      ...this.#parts.opened(),
      storage,
      unrecorded: this.#unrecorded.keys,
      deleteTimeout,
      inTime: (call) => this.#inTime(call),
      failed: (item, why) => this.#failed(item, why),
    })
  }

  /** One call of the backend. A call that fails as a whole failed for every key. */
  async #delete(keys: readonly string[]): Promise<ReadonlyMap<string, DeleteOutcome>> {
    if (keys.length === 0) return new Map()
    try {
      const targets = keys.map((key) => ({ key }))
      const outcomes = await this.#inTime((signal) =>
        fullBackend(this.#parts.storage).delete(targets, { signal }),
      )
      return new Map(outcomes.map((outcome) => [outcome.key, outcome]))
    } catch (cause) {
      const error = isHoldfastError(cause)
        ? cause
        : new HoldfastError('HF_BACKEND', messageOf(cause), { cause, operation: 'eraser' })
      return new Map(keys.map((key) => [key, { key, status: 'failed', error }]))
    }
  }

  #inTime<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, deleteTimeout } = this.#parts
    const late = () =>
      new HoldfastError('HF_BACKEND', `the store took longer than ${deleteTimeout} ms`, {
        kind: 'unavailable',
        operation: 'eraser',
      })
    return withLimit({ clock, limit: deleteTimeout, signal: this.#stopping.signal, late }, call)
  }

  #failed(item: QueuedErase, why: string): QueuedErase {
    const { clock, log } = this.#parts.opened()
    const attempts = item.attempts + 1
    log.warn({ key: item.key, attempts, cause: why }, 'a doomed file could not be deleted')
    const next = { ...item, attempts, nextTry: clock.now() + backoff(attempts) }
    return attempts < SET_ASIDE_AFTER ? next : { ...next, setAside: why }
  }

  get #work(): EraseWork {
    const { opened, storage } = this.#parts
    this.#known ??= new EraseWork(opened(), storage.limits.deleteBatch)
    return this.#known
  }
}

/** All results, or the first failure, when all have ended. */
async function allOf<T extends readonly Promise<unknown>[]>(...work: T) {
  await Promise.allSettled(work)
  return Promise.all(work)
}

/** A backend that says nothing of a key has not deleted it, as far as can be known. */
function whyNotGone(outcome: DeleteOutcome | undefined): string {
  if (outcome?.status === 'failed') return outcome.error.message
  return outcome ? 'its bytes have changed' : 'the backend gave no outcome for it'
}

function isSetAside({ setAside }: QueuedErase): boolean {
  return setAside !== undefined
}
