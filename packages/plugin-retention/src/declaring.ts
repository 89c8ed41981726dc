import {
  type Clock,
  type Gate,
  HoldfastError,
  hasCode,
  type Logger,
  type Manifest,
  messageOf,
  type Timer,
} from '@holdfast/core'
import type { PolicyBook } from './book.ts'

/** Time between two tries to bring the settings up to date, and between two looks at them when they are, ms. */
const AGAIN_MS = 5000
const LOOK_MS = 60_000

export interface DeclaringParts {
  readonly book: PolicyBook
  readonly manifest: Manifest
  readonly gate: Gate
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Brings the policies of a node's configuration into the settings: what it declares at once, for that can only stop
 * deletions; the policies themselves when the gate allows this node to condemn.
 */
export class Declaring {
  readonly #parts: DeclaringParts
  readonly #stopping = new AbortController()
  #timer: Timer | undefined
  #working: Promise<void> = Promise.resolve()

  constructor(parts: DeclaringParts) {
    this.#parts = parts
  }

  /** Of a node with a log of its own nobody else has a say: the settings are up to date when it has started. */
  async start(): Promise<void> {
    const { book, manifest } = this.#parts
    if (manifest.roles !== undefined) return this.#later(0)
    await this.#commit([...book.declaration(), ...book.sharing()])
    this.#again(book.declaration().length + book.sharing().length > 0)
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new HoldfastError('HF_STOPPED', 'the node is stopping', { kind: 'aborted' }))
    this.#timer?.clear()
    await this.#working
  }

  #later(ms: number): void {
    if (this.#stopping.signal.aborted) return
    this.#timer = this.#parts.clock.timer(ms, () => {
      this.#working = this.#try()
        .catch((error: unknown) => {
          this.#parts.log.warn({ cause: messageOf(error) }, 'the policies could not be looked at')
          return true
        })
        .then((isLeft) => this.#again(isLeft))
    })
  }

  /** With others the role may come to this node later, and theirs is what it has to clear up then. */
  #again(isLeft: boolean): void {
    if (isLeft) this.#later(AGAIN_MS)
    else if (this.#parts.manifest.roles !== undefined) this.#later(LOOK_MS)
  }

  /** Resolves with whether something is left to do. */
  async #try(): Promise<boolean> {
    const { book, gate } = this.#parts
    const { signal } = this.#stopping
    await this.#commit(book.declaration())
    if (signal.aborted || book.sharing().length === 0) return false
    const verdict = await gate.check({ action: 'condemn', actor: 'node', job: 'retention' }, { signal })
    if (!verdict.allowed || signal.aborted) return true
    const { role, epoch } = verdict
    await this.#commit(book.sharing(), { role, epoch })
    return true
  }

  async #commit(
    ops: ReturnType<PolicyBook['sharing']>,
    fence?: { readonly role: string; readonly epoch: number },
  ): Promise<void> {
    if (ops.length === 0) return
    const { manifest, log } = this.#parts
    try {
      await manifest.commit({ ops, ...(fence && { fence }) }, { signal: this.#stopping.signal })
    } catch (error) {
      if (hasCode(error, 'HF_STOPPED')) return
      log.warn({ cause: messageOf(error) }, 'the declared policies could not be shared yet')
    }
  }
}
