import { HoldfastError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Registrations } from './registrations.ts'

interface Opened {
  readonly name: string
  readonly close: () => Promise<void> | void
}

/** A part of the kernel that starts when the services have, and begins its work when everything else has. */
export interface Between {
  readonly name: string
  open(): Promise<void>
  begin(): void
  end(): Promise<void>
}

/** Opens services and start functions in order, and closes what was opened, one at a time, in reverse. */
export class Lifecycle {
  readonly #opened: Opened[] = []
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  async open(registrations: Registrations, between: Between, signal: AbortSignal): Promise<void> {
    try {
      for (const name of registrations.names()) {
        signal.throwIfAborted()
        const service = registrations.own(name)
        await service.start?.({ signal })
        this.#opened.push({ name, close: () => service.stop?.() })
      }
      await between.open()
      for (const { plugin, fn } of registrations.onStop) this.#opened.push({ name: plugin.id, close: fn })
      for (const { plugin, fn } of registrations.onStart) {
        signal.throwIfAborted()
        await fn(registrations.needed(plugin) as never, { signal })
      }
      between.begin()
      this.#opened.push({ name: between.name, close: () => between.end() })
    } catch (error) {
      // What failed first is what the user must see; a failing clean-up is only logged.
      const problems = await this.close()
      for (const problem of problems)
        this.#log.error({ cause: messageOf(problem) }, 'clean-up after a failed start')
      throw error
    }
  }

  /** Closes everything that is open, whatever fails on the way, and gives the failures. */
  async close(): Promise<unknown[]> {
    const problems: unknown[] = []
    for (let opened = this.#opened.pop(); opened; opened = this.#opened.pop()) {
      try {
        await opened.close()
      } catch (error) {
        problems.push(error)
        this.#log.error({ service: opened.name, cause: messageOf(error) }, 'stopping failed')
      }
    }
    return problems
  }
}

/** The error of a stop in which something failed. */
export function stopFailed(problems: readonly unknown[]): unknown {
  if (problems.length === 1) return problems[0]
  return new HoldfastError(
    'HF_STOPPED',
    `stopping failed in ${problems.length} places: ${problems.map(messageOf).join('; ')}`,
    {
      kind: 'internal',
      cause: new AggregateError(problems),
    },
  )
}
