import { type Clock, HoldfastError, hasCode, type Position, sleep } from '@holdfast/core'

export type LogCall = 'append' | 'read' | 'head' | 'floor' | 'termAt' | 'truncate'

/** An append that has left its node and is still on its way to the server. */
export interface HeldAppend {
  /** Resolves when there is one. */
  readonly held: Promise<void>
  /** Lets it arrive. False when the head is not the one that it was made for any more: then nothing is done. */
  land(): boolean
}

interface Holding {
  readonly whenHeld: () => void
  append: (() => void) | undefined
}

/** What goes wrong between the clients of a memory log and its server. Starts with nothing. */
export class LogFaults {
  readonly #cuts = new Map<string, number>()
  readonly #delays = new Map<string, { readonly ms: number; readonly clock: Clock }>()
  /** Answers that get lost. */
  lost = 0
  /** Appends that fail. */
  failing = 0
  readonly #holding: Holding[] = []

  /** The next append stays on its way, and its node hears nothing of it. */
  hold(whenHeld: () => void): HeldAppend {
    const { promise: held, resolve } = Promise.withResolvers<void>()
    const holding: Holding = {
      append: undefined,
      whenHeld: () => {
        whenHeld()
        resolve()
      },
    }
    this.#holding.push(holding)
    return {
      held,
      land() {
        if (!holding.append) throw new TypeError('no append is held')
        try {
          holding.append()
          return true
        } catch (error) {
          if (hasCode(error, 'HF_LOG_CONFLICT')) return false
          throw error
        }
      },
    }
  }

  cut(client: string, by: 1 | -1): void {
    this.#cuts.set(client, (this.#cuts.get(client) ?? 0) + by)
  }

  delay(client: string, delay: { readonly ms: number; readonly clock: Clock } | undefined): void {
    if (delay) this.#delays.set(client, delay)
    else this.#delays.delete(client)
  }

  /** Brings a call to the server. @throws HF_LOG_UNAVAILABLE; the signal's reason */
  async reach(client: string, call: LogCall, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    const delay = this.#delays.get(client)
    if (delay) await sleep(delay.clock, delay.ms, signal)
    if ((this.#cuts.get(client) ?? 0) > 0) throw unavailable(client, call)
  }

  /** Does an append, or not, and brings the answer back, or not. */
  append(client: string, expectedHead: Position, append: () => Position): Position {
    if (this.failing > 0) {
      this.failing--
      throw unavailable(client, 'append')
    }
    const holding = this.#holding.shift()
    if (holding) {
      holding.append = append
      holding.whenHeld()
      throw lost(expectedHead)
    }
    const position = append()
    if (this.lost === 0) return position
    this.lost--
    throw lost(expectedHead)
  }
}

function lost(expectedHead: Position): HoldfastError {
  return new HoldfastError('HF_COMMIT_UNKNOWN', 'the answer to an append was lost', {
    operation: 'log.append',
    context: { expectedHead },
  })
}

function unavailable(client: string, call: LogCall): HoldfastError {
  return new HoldfastError('HF_LOG_UNAVAILABLE', `${client} cannot reach the log`, {
    operation: `log.${call}`,
    context: { client },
  })
}
