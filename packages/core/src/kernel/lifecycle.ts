import type { Clock } from '../clock.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { waitFor } from '../patience.ts'
import type { Registrations } from './registrations.ts'

/** A function of a plugin that the kernel waits for. */
interface Part {
  /** The plugin's id. */
  readonly plugin: string
  /** For people: `service manifest`, `onStart`. */
  readonly what: string
}

interface Opened extends Part {
  readonly close: () => Promise<void> | void
  /** Time that closing has, ms. */
  readonly limit: number
}

/** A part of the kernel that starts when the services have, and begins its work when everything else has. */
export interface Between {
  readonly name: string
  open(): Promise<void>
  begin(): void
  end(): Promise<void>
}

export interface LifecycleParts {
  readonly clock: Clock
  readonly log: Logger
  /** How long each part may take to start, and to close, ms. */
  readonly startDeadline: number
  readonly closeDeadline: number
}

/** Opens services and start functions in order, and closes what was opened, one at a time, in reverse. */
export class Lifecycle {
  readonly #opened: Opened[] = []
  readonly #parts: LifecycleParts
  readonly #startMs = new Map<string, number>()

  constructor(parts: LifecycleParts) {
    this.#parts = parts
  }

  /** What the parts of each plugin have taken to start, ms. */
  get startMs(): ReadonlyMap<string, number> {
    return this.#startMs
  }

  /** @throws what failed or hung; what is open by then is left to `close` */
  async open(registrations: Registrations, between: Between, signal: AbortSignal): Promise<void> {
    const { closeDeadline: limit } = this.#parts
    for (const { name, plugin } of registrations.services) {
      const service = registrations.own(name)
      const stop = () => service.stop?.()
      const part = { plugin: plugin.id, what: `service ${name}` }
      await this.#start(part, signal, (options) => service.start?.(options), stop)
      this.#opened.push({ ...part, close: stop, limit })
    }
    const own = { plugin: 'node', what: between.name }
    await this.#start(own, signal, () => between.open())
    for (const { plugin, fn } of registrations.onStop)
      this.#opened.push({ plugin: plugin.id, what: 'onStop', close: fn, limit })
    for (const { plugin, fn } of registrations.onStart)
      await this.#start({ plugin: plugin.id, what: 'onStart' }, signal, (options) =>
        fn(registrations.needed(plugin) as never, options),
      )
    // The last one may have ended without heeding that the node is stopping.
    signal.throwIfAborted()
    between.begin()
    // It has a deadline of its own, by which it leaves behind what hangs.
    this.#opened.push({ ...own, close: () => between.end(), limit: Number.POSITIVE_INFINITY })
  }

  async #start(
    part: Part,
    signal: AbortSignal,
    fn: (options: { readonly signal: AbortSignal }) => Promise<void> | void,
    close: () => Promise<void> | void = () => undefined,
  ): Promise<void> {
    signal.throwIfAborted()
    const { clock, startDeadline: limit, closeDeadline: grace } = this.#parts
    const from = clock.monotonic()
    const outlasted = await waitFor(fn, { clock, limit, grace, signal }).catch((error: unknown) => {
      throw signal.aborted || isHoldfastError(error) ? error : failed(part, 'start', error)
    })
    if (outlasted) {
      // What starts after all, whenever that is, must not stay open.
      outlasted.late.then(close).catch((error: unknown) => this.#log(part, error))
      throw signal.aborted ? signal.reason : hung(part, 'start', limit)
    }
    const ms = clock.monotonic() - from
    this.#startMs.set(part.plugin, (this.#startMs.get(part.plugin) ?? 0) + ms)
  }

  /** Closes everything that is open, whatever fails or hangs on the way, and gives the failures. */
  async close(): Promise<unknown[]> {
    const problems: unknown[] = []
    for (let opened = this.#opened.pop(); opened; opened = this.#opened.pop()) {
      const { close, limit } = opened
      try {
        const outlasted = await waitFor(close, { clock: this.#parts.clock, limit, grace: 0 })
        if (outlasted) throw hung(opened, 'stop', limit)
      } catch (error) {
        problems.push(isHoldfastError(error) ? error : failed(opened, 'stop', error))
        this.#log(opened, error)
      }
    }
    return problems
  }

  #log({ plugin, what }: Part, error: unknown): void {
    this.#parts.log.error({ plugin, part: what, cause: messageOf(error) }, 'stopping failed')
  }
}

function failed({ plugin, what }: Part, phase: 'start' | 'stop', cause: unknown): HoldfastError {
  return new HoldfastError(
    'HF_PLUGIN_FAILED',
    `plugin ${plugin} failed to ${phase} (${what}): ${messageOf(cause)}`,
    { operation: `node.${phase}`, context: { plugin, part: what, phase }, cause },
  )
}

function hung({ plugin, what }: Part, phase: 'start' | 'stop', limit: number): HoldfastError {
  return new HoldfastError(
    'HF_PLUGIN_HUNG',
    `plugin ${plugin} took longer than ${limit} ms to ${phase} (${what}) and was left behind`,
    { operation: `node.${phase}`, context: { plugin, part: what, phase, limit } },
  )
}

/** The error of a stop in which something failed. */
export function stopFailed(problems: readonly unknown[]): unknown {
  if (problems.length === 1) return problems[0]
  return new HoldfastError(
    'HF_STOP_FAILED',
    `stopping failed in ${problems.length} places: ${problems.map(messageOf).join('; ')}`,
    { operation: 'node.stop', cause: new AggregateError(problems) },
  )
}
